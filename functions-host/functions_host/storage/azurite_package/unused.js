// Keeps out what Azurite imports and does not use here, which takes two thirds of the time that it needs to start.
//
// Telemetry is off (--disableTelemetry), and what it knows is in files, unless AZURITE_DB names a database.
const unused = { applicationinsights: {} };
if (!process.env.AZURITE_DB) unused.sequelize = { Model: class {} };

for (const [name, exports] of Object.entries(unused)) {
  const filename = require.resolve(name, { paths: [process.argv[1]] });
  require.cache[filename] = { id: filename, filename, loaded: true, exports };
}
