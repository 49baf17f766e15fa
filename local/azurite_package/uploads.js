// Lets Azurite take an upload only when all of it has come.
//
// Azurite writes a body to its files while it comes. Of one that breaks off it closes the file under the stream that
// still writes, so that the rest lands in whatever is opened next; or it waits for the end for ever, and after fifty of
// these it takes no uploads at all.
const { default: FSExtentStore } = require(
  require.resolve("azurite/dist/src/common/persistence/FSExtentStore", { paths: [process.argv[1]] }),
);

const append = FSExtentStore.prototype.appendExtent;
FSExtentStore.prototype.appendExtent = async function (data, ...rest) {
  return append.call(this, Buffer.isBuffer(data) ? data : await whole(data), ...rest);
};

async function whole(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
