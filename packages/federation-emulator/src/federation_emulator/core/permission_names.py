"""The permissions that are asked for by name in more than one place. Nothing is imported here."""

GET_ACCESS_TOKEN = "iam.serviceAccounts.getAccessToken"  # noqa: S105  (a permission's name)
DELEGATE = "iam.serviceAccounts.implicitDelegation"
USE_SERVICES = "serviceusage.services.use"
CREATE_JOB = "bigquery.jobs.create"
GET_DATA = "bigquery.tables.getData"
UPDATE_DATA = "bigquery.tables.updateData"
SET_CATEGORY = "bigquery.tables.setCategory"
FINE_GRAINED_GET = "datacatalog.categories.fineGrainedGet"
