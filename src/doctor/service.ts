/** What `doctor` looks at in an installation, in the order in which one thing stands on another. */
import type { Check } from '../contracts/checks.ts'
import { deliveryOf } from '../loop/delivery.ts'
import type { Service } from '../service.ts'
import { currenciesWithRate } from '../settings/planning.ts'
import type { ServiceSettings } from '../settings/service.ts'
import { customersByCurrency, type CustomersOfCurrency } from '../store/agreements.ts'
import { countDue } from '../store/due.ts'
import { keptInterventions } from '../store/kept-interventions.ts'
import { expectTenantsApart } from '../store/readiness.ts'
import { currentSettings } from '../store/settings-versions.ts'
import { listConnections } from '../store/connections.ts'
import { listSteps } from '../store/steps.ts'
import { ensureInstallation, listTenants, type Tenant } from '../store/tenants.ts'
import type { Examination } from './doctor.ts'
import { failedCheck } from './doctor.ts'
import { checkConnection, verified } from './connection.ts'
import { checkClock, checkDisk, checkPublicUrl } from './machine.ts'
import { checkOffers, offerSituation } from './offers.ts'
import { checkTextsOf } from './sms.ts'

/**
 * @example
 * const groups = await examine(examinationsOf(service))
 */
export function examinationsOf(service: Service): readonly Examination[] {
  const { database, clock, config } = service
  return [
    {
      name: 'Machine',
      look: async () => {
        const installation = await database.asSystem('doctor', ensureInstallation)
        return [
          await checkDisk(config.data),
          await checkClock(database, clock),
          await checkPublicUrl({ publicUrl: service.publicUrl, installation: installation.id }),
        ]
      },
    },
    { name: 'Database', look: () => checkDatabase(service) },
    { name: 'Queue', look: () => checkQueue(service) },
    { name: 'Models', look: () => checkModels(service) },
    { name: 'Companies', look: () => checkTenants(service) },
  ]
}

async function checkDatabase({ database }: Service): Promise<readonly Check[]> {
  await expectTenantsApart(database)
  const kind = database.kind === 'embedded' ? 'Embedded, for one process' : 'PostgreSQL (DATABASE_URL)'
  return [
    {
      name: 'Database',
      status: 'ok',
      message: `${kind}; its schema is of this version, and tenants are apart.`,
    },
  ]
}

async function checkQueue({ backend, database }: Service): Promise<readonly Check[]> {
  await backend.ping()
  const due = await database.asSystem('doctor', countDue)
  const place = backend.kind === 'redis' ? 'Redis (REDIS_URL)' : 'In the database'
  const dead: Check = {
    name: 'Given up',
    status: 'failed',
    message: `${due.deadSteps === 1 ? 'A step was given up after repeated failures; it is named below' : `${due.deadSteps} steps were given up after repeated failures; they are named below`}. Mend the cause, then holdfast run.`,
  }
  return [
    {
      name: 'Queue',
      status: 'ok',
      message: `${place}; ${due.steps} steps and ${due.interventions} interventions are due.`,
    },
    ...(due.deadSteps > 0 ? [dead] : []),
  ]
}

async function checkModels({ engines }: Service): Promise<readonly Check[]> {
  const checks: Check[] = []
  for (const location of ['shipped:telco', 'shipped:subscription']) {
    const name = location.replace('shipped:', 'Starter model ')
    checks.push(
      await engines.get(location).then(
        ({ churn }): Check => ({
          name,
          status: 'ok',
          message: `Whole (${churn.hash.slice(0, 12)}).`,
        }),
        (cause: unknown) => failedCheck(name, cause),
      ),
    )
  }
  return checks
}

async function checkTenants(service: Service): Promise<readonly Check[]> {
  const { database } = service
  const { pausedReason } = await database.asSystem('doctor', ensureInstallation)
  const tenants = await database.asSystem('doctor', listTenants)
  const checks: Check[] = []
  if (pausedReason !== null)
    checks.push({
      name: 'Everything',
      status: 'warning',
      message: `Paused, so nothing is sent for anybody: ${pausedReason} When that is done: holdfast resume.`,
    })
  if (tenants.length === 0)
    checks.push({
      name: 'Companies',
      status: 'off',
      message: 'None yet. Start the server once: holdfast serve.',
    })
  for (const tenant of tenants) checks.push(...(await checkTenant(service, tenant)))
  return checks
}

async function checkTenant(service: Service, tenant: Tenant): Promise<readonly Check[]> {
  const { database, channels, vault, clock } = service
  const { settings, connections, steps, foreign, kept, offers } = await database.withTenant(
    tenant.id,
    async (tx) => {
      const { settings } = await currentSettings(tx)
      const connections = await listConnections(tx)
      return {
        settings,
        connections,
        offers: await offerSituation(tx, { vault, settings, connections, now: clock() }),
        steps: await listSteps(tx),
        foreign: await customersByCurrency(tx, { except: currenciesWithRate(settings) }),
        kept: await keptInterventions(tx),
      }
    },
  )
  const checks: Check[] = [
    sending(tenant, settings, service.publicUrl),
    ...currencyCheck(tenant, settings, foreign),
    ...kept.map(({ state, reason, interventions }): Check => ({
      name: `${tenant.name}: outbox`,
      status: 'warning',
      message: `${interventions} ${KEPT_WORDS[state] ?? state}: ${reason}`,
    })),
    ...checkOffers(offers).map((check) => ({ ...check, name: `${tenant.name}: ${check.name}` })),
  ]
  for (const connection of connections) {
    const name = `${tenant.name}: ${connection.name}`
    const own = steps.filter((one) => one.connection === connection.id)
    const found = await checkConnection(service, { tenant, connection, steps: own })
    checks.push(
      ...found.map((check) => ({ ...check, name: check.name === '' ? name : `${name}, ${check.name}` })),
    )
  }
  if (settings.delivery.mode === 'test_list')
    checks.push(
      ...(await verified(`${tenant.name}: e-mail`, async () => {
        const channel = await channels.email({ tenant: tenant.id, delivery: 'live', settings })
        return (
          channel ?? {
            verify: async () => [
              {
                name: 'E-mail',
                status: 'failed',
                message: 'No mail server is set (settings: smtp.host), so nothing can be sent.',
              } satisfies Check,
            ],
            close: async () => undefined,
          }
        )
      })),
    )
  const texts = `${tenant.name}: SMS`
  checks.push(
    ...(await checkTextsOf(service, tenant, settings).catch((cause: unknown) => [failedCheck(texts, cause)])),
  )
  return checks
}

/** States as the outbox names them. */
const KEPT_WORDS: Readonly<Record<string, string>> = {
  deferred: 'put off',
  suppressed: 'kept back',
  rejected: 'refused',
}

/** Whether actions for a customer can be priced at all: a file in another currency looks as if nothing were worth it. */
function currencyCheck(
  { name: company }: Tenant,
  settings: ServiceSettings,
  foreign: readonly CustomersOfCurrency[],
): readonly Check[] {
  if (foreign.length === 0) return []
  const found = foreign.map(({ currency, customers }) => `${customers} in ${currency}`).join(', ')
  return [
    {
      name: `${company}: currency`,
      status: 'warning',
      message: `Customers pay in a currency that the settings have no rate for (${found}; currency.file is ${settings.currency.file}). Neither cost nor worth of an action can be said for them, so they are left in peace. Set currency.file to the currency of their amounts.`,
    },
  ]
}

function sending(
  { name: company, status, pausedReason, activatedAt }: Tenant,
  settings: ServiceSettings,
  publicUrl: string | null,
): Check {
  const { mode } = settings.delivery
  const name = `${company}: sending`
  if (status === 'paused')
    return {
      name,
      status: 'warning',
      message: `Paused: ${pausedReason ?? 'no reason was given'}. Nothing is sent.`,
    }
  if (activatedAt === null)
    return {
      name,
      status: 'off',
      message: 'Not activated: customers are scored and shown, and nothing is sent to anybody.',
    }
  if (mode === 'off')
    return { name, status: 'off', message: 'Actions are switched off in the settings (delivery.mode).' }
  if (mode === 'dry_run')
    return { name, status: 'off', message: 'Dry run: what would be sent is recorded and goes to nobody.' }
  if (mode === 'sandbox')
    return {
      name,
      status: 'ok',
      message: 'E-mails reach the sandbox inbox, tasks the CRM sandboxes on this machine, and nobody else.',
    }
  const delivery = deliveryOf({
    channel: 'email',
    settings,
    publicUrl,
    sandboxConnection: false,
    activated: true,
  })
  if (delivery.kind === 'none') return { name, status: 'failed', message: delivery.reason }
  return {
    name,
    status: 'ok',
    message:
      'E-mails reach the addresses on the test list and nobody else; calls and offers become tasks for owners in a CRM that is no test account.',
  }
}
