// Long names made short for a list: who, and what. The whole names are in the chain.

const POOLS = /^(?:\/\/iam\.googleapis\.com\/)?projects\/[^/]+\/locations\/global\/workloadIdentityPools\//;
const SUBJECT = /^principal:\/\/iam\.googleapis\.com\/.+?\/subject\/(.+)$/s;
const ASSUMED_ROLE = /^arn:aws:sts::\d{12}:assumed-role\/(.+)$/s;

/**
 * A pool, provider, service account, project or table without what stands before it.
 *
 * @param {string} resource
 */
export function shortResource(resource) {
  return resource
    .replace(POOLS, "")
    .replace("/providers/", "/")
    .replace(/^(?:serviceAccount:|projects\/[^/]+\/serviceAccounts\/)/, "")
    .replace(/\.iam\.gserviceaccount\.com$/, "")
    .replace(/^projects\/[^/]+\/datasets\/([^/]+)\/tables\//, "$1.")
    .replace(/^projects\/[^/]+\/datasets\//, "")
    .replace(/^projects\/([^/]+)$/, "$1");
}

/**
 * Who asked: the role and its session, or an e-mail. Before a principal is known, the ARN that AWS named.
 *
 * @param {import("./feed.js").Decision} decision
 */
export function shortPrincipal({principal, steps}) {
  const arn = steps.find(({part}) => part === "caller ARN")?.actual ?? "";
  const whole = SUBJECT.exec(principal)?.[1] ?? (principal || arn);
  const name = (ASSUMED_ROLE.exec(whole)?.[1] ?? whole).replace(/^user:/, "");
  return name === "" ? "unidentified caller" : shortResource(name);
}
