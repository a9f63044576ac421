// Cuts GitHub's description of its API down to the operations that ecsail uses, for a proxy that validates requests: the whole one
// has 13 MB. Fails where an answer does not have what ecsail reads of it. Arguments: the description, and the file to write.
import { readFileSync, writeFileSync } from "node:fs";

const [source, target] = process.argv.slice(2);
const description = JSON.parse(readFileSync(source, "utf8"));
const repo = "/repos/{owner}/{repo}";

// Each operation, and the members of its answer that are read; `[]` is an item of a list.
const comment = ["id", "body", "user.id", "user.login", "user.type"];
const operations = {
  [`get ${repo}/issues/{issue_number}/comments`]: comment.map((member) => `[].${member}`),
  [`post ${repo}/issues/{issue_number}/comments`]: comment,
  [`patch ${repo}/issues/comments/{comment_id}`]: [],
  [`delete ${repo}/issues/comments/{comment_id}`]: [],
  [`get ${repo}/issues/{issue_number}/labels`]: ["[].name"],
  [`post ${repo}/issues/{issue_number}/labels`]: [],
  [`delete ${repo}/issues/{issue_number}/labels/{name}`]: [],
  [`post ${repo}/labels`]: [],
  [`get ${repo}/deployments`]: ["[].id", "[].payload"],
  [`post ${repo}/deployments`]: ["id"],
  [`post ${repo}/deployments/{deployment_id}/statuses`]: [],
  [`get ${repo}/git/ref/{ref}`]: ["object.sha"],
  [`post ${repo}/git/refs`]: [],
  [`patch ${repo}/git/refs/{ref}`]: [],
  [`get ${repo}/compare/{basehead}`]: ["ahead_by", "behind_by", "html_url", "commits.[].sha", "commits.[].commit.message"],
  [`get ${repo}/actions/runs/{run_id}`]: ["run_attempt", "actor.id", "triggering_actor.id"],
  [`get ${repo}/actions/runs/{run_id}/approvals`]: [
    "[].state", "[].user.id", "[].user.login", "[].environments.[].name",
  ],
};

function resolved(node) {
  if (!node?.$ref) return node;
  const parts = node.$ref.slice(2).split("/");
  return resolved(parts.reduce((at, part) => at?.[part], description));
}

function hasMember(schema, path) {
  const node = resolved(schema);
  if (!node) return false;
  if (path.length === 0) return true;
  const variants = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
  const [first, ...rest] = path;
  const next = first === "[]" ? node.items : node.properties?.[first];
  return (next !== undefined && hasMember(next, rest)) || variants.some((variant) => hasMember(variant, path));
}

function keepReferences(node, components) {
  if (Array.isArray(node)) return node.forEach((item) => keepReferences(item, components));
  if (node === null || typeof node !== "object") return;
  if (typeof node.$ref === "string") {
    const [, kind, name] = node.$ref.slice(2).split("/");
    components[kind] ??= {};
    if (!(name in components[kind])) {
      components[kind][name] = description.components[kind][name];
      keepReferences(components[kind][name], components);
    }
  }
  Object.values(node).forEach((member) => keepReferences(member, components));
}

const paths = {};
for (const [name, members] of Object.entries(operations)) {
  const [method, path] = name.split(" ");
  const operation = description.paths[path]?.[method];
  if (!operation) throw new Error(`GitHub has no operation ${name}`);
  const answer = resolved(operation.responses["200"] ?? operation.responses["201"]);
  const schema = answer?.content?.["application/json"]?.schema;
  const missing = members.filter((member) => !hasMember(schema, member.split(".")));
  if (missing.length > 0) throw new Error(`${name} does not answer with ${missing.join(", ")}`);
  paths[path] ??= {};
  // The answers are those of the test's own server, which has no more than what is read.
  paths[path][method] = { ...operation, responses: { default: { description: "any" } } };
}
const components = {};
keepReferences(paths, components);
const { openapi, info } = description;
writeFileSync(target, JSON.stringify({ openapi, info, servers: description.servers, paths, components }));
console.log(`${Object.keys(operations).length} operations`);
