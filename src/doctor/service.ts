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
import { listConnections, type ConnectionStatus } from '../store/connections.ts'
import { listSteps } from '../store/steps.ts'
import { ensureInstallation, listTenants, type Tenant } from '../store/tenants.ts'
import type { Examination } from './doctor.ts'
import { failedCheck } from './doctor.ts'
import { checkCrm, isCrm } from './crm.ts'
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

/** Why a connection that does not work is left alone. */
const STATUS_WORDS: Readonly<Record<Exclude<ConnectionStatus, 'active'>, string>> = {
  paused: 'is paused',
  needs_reconnect: 'needs a new sign-in',
  disconnected: 'was disconnected',
}

async function checkTenant(service: Service, tenant: Tenant): Promise<readonly Check[]> {
  const { database, connectors, channels, vault, clock } = service
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
    if (connection.status !== 'active') {
      checks.push({
        name,
        status: connection.status === 'needs_reconnect' ? 'failed' : 'off',
        message: `The connection ${STATUS_WORDS[connection.status]}: ${(connection.statusReason ?? 'no reason was given').replace(/\.$/, '')}. Its customers stay as they were.`,
      })
      continue
    }
    const place = {
      tenant: tenant.id,
      id: connection.id,
      kind: connection.kind,
      config: connection.config,
    }
    checks.push(
      ...(isCrm(connection.kind)
        ? await checkCrm(service, { name, tenant, place, connection })
        : await verify(name, () => connectors.open(place))),
    )
    for (const { step, error, state } of steps.filter((one) => one.connection === connection.id))
      if (error !== null)
        checks.push({
          name: `${name}, ${step.replace('_', ' ')}`,
          status: state === 'dead' ? 'failed' : 'warning',
          message: `${error.message} ${state === 'dead' ? 'It was given up; holdfast sync or run tries it again.' : 'It is tried again by itself.'}`,
        })
  }
  if (settings.delivery.mode === 'test_list')
    checks.push(
      ...(await verify(`${tenant.name}: e-mail`, async () => {
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

/** Channels of a tenant stay open; only connectors are closed after they were looked at. */
async function verify(
  name: string,
  open: () => Promise<{ verify(): Promise<readonly Check[]>; close(): Promise<void> }>,
): Promise<readonly Check[]> {
  try {
    const place = await open()
    const found = await place.verify()
    if ('describe' in place) await place.close()
    return found.map((check) => ({ ...check, name: `${name}, ${check.name}` }))
  } catch (cause) {
    return [failedCheck(name, cause)]
  }
}
