/**
 * Figures for Prometheus. They are of the installation: no label names a tenant, and only a key with the scope
 * `metrics` reads them, which the command line alone grants.
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { route, type Route } from './route.ts'
import type { ServerServices, SignedResult, WebhookResult } from './services.ts'

export interface Metrics {
  /** An answer, by the route's pattern. */
  request(method: string, pattern: string, status: number, seconds: number): void
  /** Requests of webhooks that were refused, and events of those that were not, by what became of them. */
  webhook(result: WebhookResult, many: number): void
  /** A request that a page or a workflow inside a CRM made, by what became of it. */
  signed(result: SignedResult): void
  /** A transaction across tenants: hand it to openDatabase as onSystem. */
  systemTransaction(why: string): void
  /** Counts of the queue are asked for when somebody looks. */
  readQueue(queue: ServerServices['queue']): void
  /** For counts and gauges of other parts. */
  readonly registry: Registry
  close(): void
}

/** From half a millisecond, since scores are asked for by the thousand. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

/**
 * @example
 * const metrics = openMetrics()
 * const database = await openDatabase({ url, folder, onSystem: metrics.systemTransaction })
 */
export function openMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = new Histogram({
    name: 'holdfast_http_request_duration_seconds',
    help: 'Time until the answer was handed to the system, by the pattern of the route',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers: [registry],
  })
  const system = new Counter({
    name: 'holdfast_system_transactions_total',
    help: 'Transactions across tenants, by reason',
    labelNames: ['why'],
    registers: [registry],
  })
  const webhooks = new Counter({
    name: 'holdfast_webhook_events_total',
    help: 'Events of CRMs by what became of them; forged and unreadable count requests',
    labelNames: ['result'],
    registers: [registry],
  })
  const signed = new Counter({
    name: 'holdfast_crm_requests_total',
    help: 'Requests of pages and workflows inside CRMs by what became of them',
    labelNames: ['result'],
    registers: [registry],
  })
  let queue: ServerServices['queue'] = null
  queueGauges(registry, () => queue)
  return {
    request: (method, pattern, status, seconds) => {
      requests.observe({ method, route: pattern, status }, seconds)
    },
    webhook: (result, many) => webhooks.inc({ result }, many),
    signed: (result) => signed.inc({ result }),
    systemTransaction: (why) => system.inc({ why }),
    readQueue: (given) => (queue = given),
    registry,
    close: () => registry.clear(),
  }
}

function queueGauges(registry: Registry, queueNow: () => ServerServices['queue']): void {
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] })
  const due = gauge('holdfast_steps_due', 'Steps that are due and not being worked on')
  const dead = gauge('holdfast_steps_dead', 'Steps given up until somebody asks for them again')
  const sends = gauge('holdfast_interventions_due', 'Interventions that are due and not being worked on')
  const jobs = new Gauge({
    name: 'holdfast_queue_jobs',
    help: 'Jobs by queue and state',
    labelNames: ['queue', 'state'],
    registers: [],
    async collect() {
      this.reset()
      for (const each of [due, dead, sends]) each.reset()
      // A queue that cannot be reached is missing here and not ready in /readyz.
      const counts = await queueNow()
        ?.counts()
        .catch(() => null)
      if (counts === null || counts === undefined) return
      for (const [name, states] of Object.entries(counts.queues))
        for (const [state, jobs] of Object.entries(states)) this.set({ queue: name, state }, jobs)
      due.set(counts.dueSteps)
      dead.set(counts.deadSteps)
      sends.set(counts.dueInterventions)
    },
  })
  registry.registerMetric(jobs)
}

export function metricsRoute({ registry }: Metrics): Route {
  return route({
    method: 'get',
    path: '/metrics',
    summary: 'Figures of the installation for Prometheus',
    description:
      'For a key with the scope metrics, which only the command line grants: the figures are of all tenants together.',
    tag: 'Operation',
    access: { scope: 'metrics', role: 'admin', installation: true },
    answers: { 200: { description: 'Prometheus text format', type: 'text/plain' } },
    handle: async () => ({ status: 200, bytes: await registry.metrics(), type: registry.contentType }),
  })
}
