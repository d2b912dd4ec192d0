/**
 * The environment, read once and here alone: everything else is told what it needs.
 */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { readSignInService, type SignInServiceConfig } from './config-sign-in.ts'
import { HoldfastError } from './contracts/errors.ts'

/** An empty variable, as compose files and shells leave them, is one that is not set. */
const given = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional())

const url = (protocols: RegExp, what: string) => z.url({ protocol: protocols, error: `must be ${what}` })

const perMinute = z.coerce
  .number('must be a number from 1 to 1000000')
  .int('must be a whole number')
  .min(1, 'must be at least 1')
  .max(1_000_000, 'must be at most 1000000')

const environment = z.object({
  /** Secret that draws and pseudonyms are keyed with; without it draws are reproducible by anybody. */
  HOLDFAST_KEY: given(z.string().min(16, 'needs at least 16 characters')),
  /** Threads for reading, training and scoring; default: the machine's. */
  HOLDFAST_THREADS: given(
    z.coerce
      .number('must be a number from 1 to 256')
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .max(256, 'must be at most 256'),
  ),
  /** Folder of the embedded database, keys and files; default .holdfast in the home folder. */
  HOLDFAST_DATA: given(z.string().min(1)),
  /** 256 bits in base64 that seal every credential; default: the file master.key in the data folder. */
  HOLDFAST_MASTER_KEY: given(
    z.string().refine((key) => Buffer.from(key, 'base64').length === 32, 'must be 32 bytes in base64'),
  ),
  PORT: given(
    z.coerce
      .number('must be a number from 0 to 65535')
      .int('must be a whole number')
      .min(0, 'must not be below 0')
      .max(65_535, 'must not be above 65535'),
  ),
  /** Port of the bounce receiver (SMTP); without it nobody listens for bounces and answers. */
  BOUNCE_PORT: given(
    z.coerce
      .number('must be a number from 1 to 65535')
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .max(65_535, 'must not be above 65535'),
  ),
  /** Address to listen on; loopback unless told otherwise. */
  HOST: given(z.string().min(1)),
  DATABASE_URL: given(url(/^postgres(ql)?$/, 'like postgres://user:password@host:5432/database')),
  REDIS_URL: given(url(/^rediss?$/, 'like redis://host:6379')),
  /** How the world reaches this installation: unsubscribe links, webhooks, CRM cards. */
  PUBLIC_URL: given(
    url(/^https?$/, 'like https://holdfast.example.com').refine(
      (address) => /^https?:\/\/[^/?#]+\/*$/.test(address),
      'must be a host alone, like https://holdfast.example.com: pages and links lie at its root',
    ),
  ),
  /** Proxies in front whose X-Forwarded headers are believed: a number of hops, or addresses and networks. */
  TRUST_PROXY: given(z.string()),
  /** The installation's own app at HubSpot: needed to connect portals by OAuth and to take their webhooks. */
  HUBSPOT_CLIENT_ID: given(z.string().min(1)),
  HUBSPOT_CLIENT_SECRET: given(z.string().min(1)),
  /** Where HubSpot answers; another address is for tests and proxies. */
  HUBSPOT_API_URL: given(url(/^https?$/, 'like https://api.hubapi.com')),
  /** The installation's own External Client App at Salesforce: needed to connect orgs by a person's consent. */
  SALESFORCE_CLIENT_ID: given(z.string().min(1)),
  SALESFORCE_CLIENT_SECRET: given(z.string().min(1)),
  /** Where people sign in to Salesforce; another address is for tests and proxies. */
  SALESFORCE_LOGIN_URL: given(url(/^https?$/, 'like https://login.salesforce.com')),
  /** The installation's sign-in service (OpenID Connect): see src/config-sign-in.ts and docs/access.md. */
  OIDC_ISSUER: given(url(/^https?$/, 'like https://id.example.com')),
  OIDC_CLIENT_ID: given(z.string().min(1)),
  OIDC_CLIENT_SECRET: given(z.string().min(1)),
  OIDC_NAME: given(z.string().min(1).max(60)),
  OIDC_SCOPE: given(z.string().min(1)),
  OIDC_DOMAINS: given(z.string().min(1)),
  OIDC_GROUPS_CLAIM: given(z.string().min(1)),
  OIDC_GROUPS: given(z.string().min(1)),
  OIDC_COMPANY: given(z.string().min(1)),
  /** Requests a minute of one session or key that change something, and that are dear to answer. */
  RATE_LIMIT_CHANGES: given(perMinute),
  RATE_LIMIT_COSTLY: given(perMinute),
  LOG_LEVEL: given(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])),
})

/** changes: writes something. costly: reads or reckons over much, or asks the CRM: exports, previews, files, checks. */
export type RateKind = 'changes' | 'costly'

/** Requests a minute of one session or key; of an address five times as many. */
export type RateLimits = Readonly<Record<RateKind, number>>

export const DEFAULT_RATES: RateLimits = { changes: 600, costly: 60 }

export interface Config {
  readonly key: string | null
  readonly threads: number | null
  /** Absolute. */
  readonly data: string
  readonly masterKey: Buffer | null
  readonly port: number
  readonly host: string
  /** Where bounces and answers arrive by SMTP; null: nowhere. */
  readonly bouncePort: number | null
  readonly databaseUrl: string | null
  readonly redisUrl: string | null
  /** Without a slash at its end; null: nothing that needs a public address starts. */
  readonly publicUrl: string | null
  /** As Express takes it; false believes no proxy. */
  readonly trustProxy: false | number | string
  readonly logLevel: string
  readonly hubspot: HubSpotApp
  readonly salesforce: SalesforceApp
  /** Null: people sign in with links, and the local password. */
  readonly signIn: SignInServiceConfig | null
  readonly rates: RateLimits
}

/** The installation's app at HubSpot. */
export interface HubSpotApp {
  /** Null: no portal can be connected by OAuth; private-app tokens need none. */
  readonly clientId: string | null
  readonly clientSecret: string | null
  /** Without a slash at its end; null: HubSpot's own. */
  readonly apiUrl: string | null
}

/** The installation's External Client App at Salesforce. */
export interface SalesforceApp {
  /** Null: an org is connected by a key or a secret of its own alone. */
  readonly clientId: string | null
  /** Null: the app has none, and PKCE stands for it. */
  readonly clientSecret: string | null
  /** Without a slash at its end; null: Salesforce's own. */
  readonly loginUrl: string | null
}

/**
 * @param env the process's environment unless a test passes its own
 * @throws HoldfastError `usage` naming the variable and what it may be
 * @example
 * readConfig({ PORT: '8080' }).port // 8080
 */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const parsed = environment.safeParse(env)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new HoldfastError(
      'usage',
      `The environment variable ${issue.path.join('.')} cannot be used: ${issue.message}.`,
    )
  }
  const found = parsed.data
  if ((found.HUBSPOT_CLIENT_ID === undefined) !== (found.HUBSPOT_CLIENT_SECRET === undefined))
    throw new HoldfastError(
      'usage',
      'HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET belong together: set both (they are on the Auth page of the app), or neither.',
    )
  const hops = Number(found.TRUST_PROXY)
  return {
    key: found.HOLDFAST_KEY ?? null,
    threads: found.HOLDFAST_THREADS ?? null,
    data: resolve(found.HOLDFAST_DATA ?? join(homedir(), '.holdfast')),
    masterKey:
      found.HOLDFAST_MASTER_KEY === undefined ? null : Buffer.from(found.HOLDFAST_MASTER_KEY, 'base64'),
    port: found.PORT ?? 3000,
    host: found.HOST ?? '127.0.0.1',
    bouncePort: found.BOUNCE_PORT ?? null,
    databaseUrl: found.DATABASE_URL ?? null,
    redisUrl: found.REDIS_URL ?? null,
    publicUrl: found.PUBLIC_URL?.replace(/\/+$/, '') ?? null,
    trustProxy: found.TRUST_PROXY === undefined ? false : Number.isInteger(hops) ? hops : found.TRUST_PROXY,
    logLevel: found.LOG_LEVEL ?? 'info',
    hubspot: {
      clientId: found.HUBSPOT_CLIENT_ID ?? null,
      clientSecret: found.HUBSPOT_CLIENT_SECRET ?? null,
      apiUrl: found.HUBSPOT_API_URL?.replace(/\/+$/, '') ?? null,
    },
    salesforce: {
      clientId: found.SALESFORCE_CLIENT_ID ?? null,
      clientSecret: found.SALESFORCE_CLIENT_SECRET ?? null,
      loginUrl: found.SALESFORCE_LOGIN_URL?.replace(/\/+$/, '') ?? null,
    },
    signIn: readSignInService(found),
    rates: {
      changes: found.RATE_LIMIT_CHANGES ?? DEFAULT_RATES.changes,
      costly: found.RATE_LIMIT_COSTLY ?? DEFAULT_RATES.costly,
    },
  }
}

/**
 * ONNX Runtime for Linux and macOS reports to its maker, keeps a device id and leaves files in the temporary
 * folder, unless this is said before it is loaded. Nothing that Holdfast runs on may call out by itself.
 *
 * @see https://github.com/microsoft/onnxruntime/pull/27379
 */
export function declineTelemetry(): void {
  process.env['ORT_DISABLE_TELEMETRY'] = '1'
}

/** What a process of ours that works on somebody's file needs to run, and nothing that is secret. */
export function environmentOfChildren(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'LANG', 'TZ', 'LD_LIBRARY_PATH']
  const kept = names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))
  return { ...(Object.fromEntries(kept) as NodeJS.ProcessEnv), ORT_DISABLE_TELEMETRY: '1' }
}

/**
 * Salesforce's library keeps sign-ins and logs beneath the home folder and asks the name service about orgs, unless this
 * is said before it is loaded. What it holds is ours to keep, in the vault.
 *
 * @see https://developer.salesforce.com/docs/atlas.en-us.sfdx_setup.meta/sfdx_setup/sfdx_dev_cli_env_variables.htm
 */
export function keepSalesforceOutOfHome(): void {
  process.env['SF_DISABLE_LOG_FILE'] = 'true'
  process.env['FORCE_MEMFS'] = 'true'
  process.env['SF_DOMAIN_RETRY'] = '0'
}
