/** Whether the process lives, and whether it can do its work. */
import type { Logger } from 'pino'
import { z } from 'zod'
import { expectTenantsApart } from '../store/readiness.ts'
import { ensureInstallation } from '../store/tenants.ts'
import { asHoldfastError } from './problem.ts'
import { route, type Route } from './route.ts'
import type { ServerServices } from './services.ts'

/** Ends well, or throws what is not ready. */
export type ReadyCheck = () => Promise<unknown>

const alive = z.object({
  alive: z.literal(true),
  installation: z.uuid().nullable().meta({
    description: 'Tells installations apart; null: the database was never reached since the start',
  }),
})
const report = z.object({
  ready: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string().meta({ example: 'database' }),
      ready: z.boolean(),
      code: z.string().nullable().meta({ description: 'Why not', example: 'database_unavailable' }),
    }),
  ),
})
type Report = z.infer<typeof report>

/** Milliseconds that a check may take, and that a report is handed out again: a flood of questions asks once. */
const PATIENCE = 3000
const KEEP = 1000

/**
 * @param checks besides the database and the queue, such as `{ model: () => engines.get('shipped:telco') }`
 * @param closing whether the server is about to end
 */
export function healthRoutes(
  services: Pick<ServerServices, 'database' | 'queue' | 'log'>,
  checks: Readonly<Record<string, ReadyCheck>>,
  closing: () => boolean,
): readonly Route[] {
  const { database, queue, log } = services
  const all: Readonly<Record<string, ReadyCheck>> = {
    database: () => expectTenantsApart(database),
    ...(queue === null ? {} : { queue: () => queue.counts() }),
    ...checks,
  }
  let last: { readonly report: Promise<Report>; readonly until: number } | null = null
  const reportNow = (): Promise<Report> => {
    if (last === null || performance.now() > last.until) {
      last = { report: check(all, log), until: performance.now() + KEEP }
    }
    return last.report
  }
  // Asked until it is known, since it never changes. A database that is away makes nobody dead.
  let asked: Promise<string | null> | null = null
  const installationNow = (): Promise<string | null> => {
    asked ??= withinPatience(() => database.asSystem('who we are', ensureInstallation)).then(
      ({ id }) => id,
      () => (asked = null),
    )
    return asked
  }
  return [
    route({
      method: 'get',
      path: '/healthz',
      summary: 'Whether the process lives',
      tag: 'Operation',
      access: 'public',
      answers: { 200: { description: 'It does', schema: alive } },
      handle: async () => ({ status: 200, body: { alive: true, installation: await installationNow() } }),
    }),
    route({
      method: 'get',
      path: '/readyz',
      summary: 'Whether requests can be served: database, queue, model',
      tag: 'Operation',
      access: 'public',
      answers: {
        200: { description: 'Ready', schema: report },
        503: { description: 'Not ready: what is not, and by which code; the log says more', schema: report },
      },
      handle: async () => {
        const { ready, checks: found } = await reportNow()
        const own = [{ name: 'server', ready: !closing(), code: closing() ? 'closing' : null }]
        const whole = ready && !closing()
        return { status: whole ? 200 : 503, body: { ready: whole, checks: [...own, ...found] } }
      },
    }),
  ]
}

async function check(all: Readonly<Record<string, ReadyCheck>>, log: Logger): Promise<Report> {
  const checks = await Promise.all(
    Object.entries(all).map(async ([name, run]) => {
      const code = await withinPatience(run).then(
        () => null,
        (cause: unknown) => {
          const error = cause === LATE ? null : asHoldfastError(cause)
          log.warn({ check: name, code: error?.code ?? 'late', err: error ?? undefined }, 'not ready')
          return error?.code ?? 'late'
        },
      )
      return { name, ready: code === null, code }
    }),
  )
  return { ready: checks.every(({ ready }) => ready), checks }
}

const LATE = Symbol('late')

function withinPatience<T>(run: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(reject, PATIENCE, LATE)
    run()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
}
