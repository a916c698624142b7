// Lets the role of a Lambda function that exists read two BigQuery tables, and brings the function what it needs.
import * as pulumi from "@pulumi/pulumi";
import * as keyless from "@pulumi/keyless-bigquery";

const config = new pulumi.Config();
const project = config.require("googleProject");

const role = new keyless.FederatedRole("orders-reader", {
  roleArn: config.require("roleArn"),
  googleProject: project,
  tables: [`${project}.shop.orders`, `${project}.shop.items`],
});
const credentials = new keyless.CredentialLayer("orders-credentials", {
  credentialConfiguration: role.credentialConfiguration,
  functionArn: config.require("functionArn"),
});

export const layer = credentials.arn;
export const environment = credentials.environment;
