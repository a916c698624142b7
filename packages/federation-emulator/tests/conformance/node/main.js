// What Google's documentation has for Node: https://cloud.google.com/nodejs/docs/reference/google-auth-library/latest
// and https://cloud.google.com/bigquery/docs/reference/libraries#client-libraries-usage-nodejs
'use strict';

async function token() {
  const {GoogleAuth} = require('google-auth-library');
  const auth = new GoogleAuth({scopes: 'https://www.googleapis.com/auth/cloud-platform'});
  const client = await auth.getClient();
  const {token} = await client.getAccessToken();
  return {token: typeof token === 'string' && token.length > 0};
}

async function query() {
  const {BigQuery} = require('@google-cloud/bigquery');
  const [rows] = await new BigQuery().query(process.env.QUERY);
  return {rows: rows.map(row => ({...row, at: row.at.value}))};
}

const doing = {token, query}[process.argv[2]];
doing().then(
  found => console.log(JSON.stringify(found)),
  error => console.log(JSON.stringify({error: error.constructor.name, message: error.message})),
);
