// A real OpenID Connect provider on loopback: node server.mjs PORT REDIRECT_URI CLIENT_ID CLIENT_SECRET
// Whoever writes a name into its form is signed in under that name; "Deny" says no.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [port, redirectUri, clientId, clientSecret] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

const page = (body) => `<!doctype html><html lang="en"><title>Provider</title><h1>Provider</h1>${body}</html>`;

const provider = new Provider(issuer, {
  clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "k1" }] },
  cookies: { keys: [randomBytes(32).toString("hex")] },
  claims: { openid: ["sub"], profile: ["name"] },
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: false },
    // the usual pages load fonts from elsewhere
    rpInitiatedLogout: {
      logoutSource: (ctx, form) => {
        ctx.body = page(`${form}<button form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>`);
      },
      postLogoutSuccessSource: (ctx) => {
        ctx.body = page("<p>Signed out</p>");
      },
    },
  },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  ttl: { Session: 600, Interaction: 600, Grant: 600, IdToken: 600, AccessToken: 600 },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, name: `${id} Lovelace` }) }),
  async loadExistingGrant(ctx) {
    const { client, session, provider: asked } = ctx.oidc;
    const grant = new asked.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope("openid profile");
    await grant.save();
    return grant;
  },
});

const FORM = page(`<form method="post"><label>Name <input name="login"></label>
<button name="answer" value="yes">Continue</button><button name="answer" value="no">Deny</button></form>`);

async function bodyOf(request) {
  let body = "";
  for await (const chunk of request) body += chunk;
  return new URLSearchParams(body);
}

async function interact(request, response) {
  if (request.method === "GET") {
    response.writeHead(200, { "content-type": "text/html", "cache-control": "no-store" }).end(FORM);
    return;
  }
  const form = await bodyOf(request);
  const result =
    form.get("answer") === "yes" ? { login: { accountId: form.get("login") } } : { error: "access_denied" };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

const answer = provider.callback();
createServer((request, response) => {
  if (request.url.startsWith("/interaction/")) interact(request, response);
  else answer(request, response);
}).listen(Number(port), "127.0.0.1", () => console.log(issuer));
