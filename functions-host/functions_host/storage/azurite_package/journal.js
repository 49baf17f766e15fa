// Lets what Azurite has acknowledged outlive it, however it ends.
//
// Azurite keeps the names of its blobs in memory, in databases of LokiJS, and writes these to its folder every five
// seconds and when it is told to end. Killed in between, it would lose what it has acknowledged. So here every change
// goes into a journal before the answer goes out, and the next start puts the journal into the databases first.
const fs = require("fs");
const http = require("http");
const path = require("path");
const { createHash } = require("crypto");

const Loki = require(require.resolve("lokijs", { paths: [process.argv[1]] }));
const folder = process.argv[process.argv.indexOf("--location") + 1];
const journal = path.join(folder, "__azurite_db_journal__.json");

// What is not in the folder yet.
let changes = []; // as JSON: the names of database and collection, the document's number, and the document or null
let changed = new Set(); // the databases that these are of
let whole = false; // whether the journal is not enough: collections came or went, or it could not be written
const hashes = {}; // of each database as it is in the folder

let last = Promise.resolve();
let next;

/** Resolves when all that is in memory now is in the folder. Those who ask meanwhile share one writing. */
function saved(options) {
  if (options?.whole) whole = true;
  next ??= last.then(() => {
    next = undefined;
    return whole ? saveDatabases() : saveChanges();
  });
  last = next.catch(() => {});
  return next;
}

async function saveChanges() {
  if (!changes.length) return;
  // All in one line: half a line, of a process that was killed, counts for nothing.
  const line = `[${changes}]\n`;
  changes = [];
  try {
    await fs.promises.appendFile(journal, line);
  } catch (error) {
    whole = true;
    throw error;
  }
}

async function saveDatabases() {
  // All as they are at one moment, and extents before the blobs that point into them, so that at no moment the folder
  // holds a blob without its content.
  const databases = [...changed].sort((one, other) => isOfExtents(other) - isOfExtents(one));
  const texts = databases.map((database) => [database.filename, database.serialize()]);
  for (const database of databases) database.autosaveClearFlags();
  changes = [];
  changed = new Set();
  whole = false;
  try {
    for (const [file, text] of texts) {
      await replace(file, text);
      hashes[path.basename(file)] = hash(text);
    }
    await replace(journal, `${JSON.stringify(hashes)}\n`);
  } catch (error) {
    for (const database of databases) changed.add(database);
    whole = true;
    throw error;
  }
}

const isOfExtents = (database) => database.filename.includes("_extent");

async function replace(file, text) {
  await fs.promises.writeFile(`${file}~`, text);
  await fs.promises.rename(`${file}~`, file);
}

const hash = (text) => createHash("sha256").update(text).digest("hex");

// LokiJS tells of every change of a collection.

for (const name of ["addCollection", "removeCollection"]) {
  const original = Loki.prototype[name];
  Loki.prototype[name] = function (...rest) {
    const collection = original.apply(this, rest);
    changed.add(this);
    whole = true;
    if (collection) listen(this, collection);
    return collection;
  };
}

function listen(database, collection) {
  const note = (document, kept) => {
    changes.push(JSON.stringify([path.basename(database.filename), collection.name, document.$loki, kept]));
    changed.add(database);
  };
  collection.on(["insert", "update"], (document) => note(document, document));
  collection.on("delete", (document) => note(document, null));
}

// It saves by itself now and then, each database as if there were no other.
Loki.prototype.saveDatabase = function (callback) {
  saved({ whole: true }).then(
    () => callback?.(),
    (error) => callback?.(error),
  );
};

// An answer to a request that has changed something waits until that is saved.

const end = http.ServerResponse.prototype.end;
http.ServerResponse.prototype.end = function (...rest) {
  const changedNothing = ["GET", "HEAD", "OPTIONS"].includes(this.req.method) || this.statusCode >= 400;
  if (changedNothing) return end.apply(this, rest);
  saved().then(
    () => end.apply(this, rest),
    (error) => refuse(this, error),
  );
  return this;
};

function refuse(response, error) {
  if (response.headersSent) return response.destroy();
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.writeHead(500, { "Content-Type": "application/xml", "x-ms-error-code": "InternalError" });
  end.call(response, `<Error><Code>InternalError</Code><Message>${error.message}</Message></Error>`);
}

// What a process that was killed has left.

function replay() {
  const [known, ...all] = read(journal).split("\n").slice(0, -1).map((line) => JSON.parse(line));
  for (const [name, ofDatabase] of Object.entries(Object.groupBy(all.flat(), ([database]) => database))) {
    const file = path.join(folder, name);
    const text = read(file);
    // Another one was written after these changes, with them in it: by us, or by an Azurite that keeps no journal.
    if (hash(text) !== known[name]) continue;
    fs.writeFileSync(`${file}~`, withChanges(JSON.parse(text), ofDatabase));
    fs.renameSync(`${file}~`, file);
  }
  fs.rmSync(journal, { force: true });
}

const read = (file) => (fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "");

function withChanges(database, changesOfIt) {
  for (const collection of database.collections) {
    const documents = new Map(collection.data.map((document) => [document.$loki, document]));
    for (const [, name, number, document] of changesOfIt) {
      if (name !== collection.name) continue;
      if (document) documents.set(number, document);
      else documents.delete(number);
      collection.maxId = Math.max(collection.maxId, number);
    }
    collection.data = [...documents.values()].sort((one, other) => one.$loki - other.$loki);
  }
  database.databaseVersion = 1; // of an old one LokiJS makes the indexes anew
  return JSON.stringify(database);
}

replay();
module.exports = { saved };
