/**
 * What the command line can have done, whether by a server that holds the data or by itself: the same functions.
 */
import { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import { anyFailed, examine } from '../doctor/doctor.ts'
import { examinationsOf } from '../doctor/service.ts'
import { pass } from '../loop/pass.ts'
import { STEP_NAMES, type StepName } from '../loop/services.ts'
import { API_SCOPES, ROLES } from '../security/access.ts'
import { createApiKey } from '../security/api-keys.ts'
import { rotateDataKeys } from '../security/rotate-keys.ts'
import { setLocalPassword } from '../security/local-admin.ts'
import { createSignInLink } from '../security/sessions.ts'
import type { Service } from '../service.ts'
import { writeBackup } from '../store/backup.ts'
import { listConnections, type Connection } from '../store/connections.ts'
import type { Run } from '../store/runs.ts'
import { listTenants, type Tenant } from '../store/tenants.ts'
import { asked } from './asked.ts'
import { connectHubSpot } from './connect-hubspot.ts'
import { connectSalesforce } from './connect-salesforce.ts'
import { crmCommands } from './crm-commands.ts'
import { offerCommands } from './offer-commands.ts'
import type { ControlCommand } from './server.ts'
import { sendingCommands } from './sending-commands.ts'
import { companyOf, setupCommands } from './setup.ts'

/**
 * @param wake has the queue look at once
 * @example
 * await startControl({ folder, commands: serviceCommands(service, queue.wake), log })
 */
export function serviceCommands(
  service: Service,
  wake: () => void,
): Readonly<Record<string, ControlCommand>> {
  const { database } = service
  const passOf =
    (steps: readonly StepName[], act: boolean): ControlCommand =>
    async (options, { report, signal }) => {
      const { connection: name } = passOptions.parse(options)
      const places = await connectionsOf(service, name)
      const connections = []
      for (const { tenant, connection } of places) {
        const seen = new Set<string>()
        const onRun = (run: Run): void => {
          const done = run.status === 'running' ? run.done : (run.total ?? run.done)
          const key = `${run.id} ${run.status} ${run.done}`
          if (seen.has(key)) return
          seen.add(key)
          report({ label: `${connection.name}: ${STEP_WORDS[run.step]}`, done, total: run.total })
        }
        const passed = await pass(database, {
          tenant: tenant.id,
          connection: connection.id,
          steps,
          act,
          cause: 'cli',
          signal,
          wake,
          onRun,
        })
        const counts = Object.fromEntries(passed.map(({ step, counts: many }) => [step, many]))
        connections.push({ company: tenant.name, connection: connection.name, steps: counts })
      }
      return { connections }
    }

  return {
    sync: passOf(['sync'], false),
    run: passOf(STEP_NAMES, true),

    doctor: async (_, { report }) => {
      const groups = await examine(examinationsOf(service), ({ name }) => report(name))
      return { ok: !anyFailed(groups), groups }
    },

    backup: async (options, { report }) => {
      const { path } = z.object({ path: z.string().min(1) }).parse(options)
      const at = service.clock()
      const { rows, bytes } = await writeBackup(database, path, {
        at,
        onRows: (done) => report({ label: 'Backup: rows', done, total: null }),
      })
      return { path, rows, bytes, at: at.toISOString() }
    },

    'sign-in': async (options) => {
      const { company, role } = asked(
        z.object({ company: z.string().optional(), role: z.enum(ROLES).default('admin') }),
        options,
      )
      const tenant = await companyOf(service, company)
      const token = await database.withTenant(tenant.id, (tx) =>
        createSignInLink(tx, { subject: 'command line', role, installation: true, actor: 'cli' }),
      )
      return { company: tenant.name, link: `${service.localUrl}/sign-in?token=${token}` }
    },

    key: async (options) => {
      const { company, name, scopes } = asked(
        z.object({ company: z.string().optional(), name: z.string(), scopes: z.array(z.enum(API_SCOPES)) }),
        options,
      )
      const tenant = await companyOf(service, company)
      const { key } = await database.withTenant(tenant.id, (tx) =>
        createApiKey(tx, { name, scopes, actor: 'cli' }),
      )
      return { company: tenant.name, name, scopes, key }
    },

    'rotate-keys': async (_, { report }) => {
      const rotated = await rotateDataKeys(service, {
        actor: 'cli',
        onTenant: (done) => report({ label: 'Companies with a new key', done, total: null }),
      })
      return { ...rotated }
    },

    password: async (options) => {
      const { password } = asked(z.object({ password: z.string().nullable() }), options)
      await setLocalPassword(database, { password, actor: 'cli' })
      return { set: password !== null, page: `${service.publicUrl ?? service.localUrl}/sign-in` }
    },

    ...sendingCommands(service, wake),
    ...setupCommands(service, wake),
    ...crmCommands(service, wake),
    ...offerCommands(service, wake),
    'connect-hubspot': connectHubSpot(service, wake),
    'connect-salesforce': connectSalesforce(service, wake),
  }
}

const passOptions = z.object({ connection: z.string().optional() })

/** A step as people read it. */
const STEP_WORDS: Readonly<Record<string, string>> = {
  sync: 'customers synced',
  refresh: 'changed records read',
  score: 'customers scored',
  decide: 'customers decided on',
  write_back: 'records written back',
  observe: 'outcomes observed',
  solve: 'policies solved',
}

interface Place {
  readonly tenant: Tenant
  readonly connection: Connection
}

async function connectionsOf({ database }: Service, name: string | undefined): Promise<readonly Place[]> {
  const tenants = await database.asSystem('connections for the command line', listTenants)
  const places: Place[] = []
  for (const tenant of tenants) {
    const connections = await database.withTenant(tenant.id, listConnections)
    places.push(...connections.map((connection) => ({ tenant, connection })))
  }
  if (name === undefined) return places.filter(({ connection }) => connection.status === 'active')
  const wanted = places.filter(({ connection }) => connection.name === name || connection.id === name)
  if (wanted.length > 0) return wanted
  const known = places.map(({ connection }) => `"${connection.name}"`).join(', ')
  throw new HoldfastError(
    'not_found',
    `There is no connection "${name}". ${known === '' ? 'None is set up yet.' : `Known: ${known}.`}`,
  )
}
