// A function as many have it: the client finds its credentials by itself, and nothing here knows how.
const { BigQuery } = require('@google-cloud/bigquery');

exports.handler = async (event) => {
  const [rows] = await new BigQuery().query(event.query);
  return rows;
};
