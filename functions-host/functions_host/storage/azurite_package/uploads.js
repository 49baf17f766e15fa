// Lets Azurite take an upload only when all of it has come, and say why it could not.
//
// Azurite writes a body to its files while it comes. Of one that breaks off it closes the file under the stream that
// still writes, so that the rest lands in whatever is opened next; or it waits for the end for ever, and after fifty of
// these it takes no uploads at all.
const azurite = (name) => require(require.resolve(`azurite/dist/src/${name}`, { paths: [process.argv[1]] })).default;
const FSExtentStore = azurite("common/persistence/FSExtentStore");
const StorageError = azurite("blob/errors/StorageError");

const append = FSExtentStore.prototype.appendExtent;
FSExtentStore.prototype.appendExtent = async function (data, id) {
  try {
    return await append.call(this, Buffer.isBuffer(data) ? data : await whole(data), id);
  } catch (error) {
    throw new StorageError(500, "InternalError", error.message, id); // such as a full disk
  }
};

async function whole(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
