/** Setting an installation up from the command line: companies, connections, settings, secrets, activation. */
import { resolve } from 'node:path'
import { z } from 'zod'
import { HoldfastError } from '../contracts/errors.ts'
import type { TenantId } from '../contracts/ids.ts'
import { ENDED_BY_SETTINGS } from '../loop/act-retry.ts'
import { MAILGUN_KEY } from '../loop/feedback-path.ts'
import { groupPower } from '../loop/group-power.ts'
import { proposePopulation } from '../loop/population.ts'
import { SMS_API_SECRET, SMS_AUTH_TOKEN } from '../loop/sms-account.ts'
import type { Service } from '../service.ts'
import { DKIM_KEY, SMTP_PASSWORD } from '../channels.ts'
import { recordAudit } from '../store/audit.ts'
import type { Population, ValuePopulation } from '../store/connections.ts'
import { groupSizes } from '../store/group-counts.ts'
import { releaseDeferred } from '../store/intervention-sweeps.ts'
import { currentSettings, saveSettings } from '../store/settings-versions.ts'
import { activateTenant, createTenant, listTenants } from '../store/tenants.ts'
import { COMMAND_LINE } from './acting-person.ts'
import { asked } from './asked.ts'
import { connectFile, withFile } from './connect-file.ts'
import type { ControlCommand } from './server.ts'

/** What the command line may put into the vault, by the name that people type. */
const SECRETS = {
  'smtp-password': SMTP_PASSWORD,
  'sms-auth-token': SMS_AUTH_TOKEN,
  'sms-api-secret': SMS_API_SECRET,
  'dkim-key': DKIM_KEY,
  'mailgun-key': MAILGUN_KEY,
} as const

const ofCompany = z.object({ company: z.string().optional() })

/**
 * @param wake has the queue look at once
 */
export function setupCommands(service: Service, wake: () => void): Readonly<Record<string, ControlCommand>> {
  const { database, vault } = service
  return {
    company: async (options) => {
      const { name } = asked(z.object({ name: z.string().trim().min(1).max(100) }), options)
      const known = await database.asSystem('companies for the command line', listTenants)
      if (known.some((one) => one.name === name))
        throw new HoldfastError('conflict', `There is a company "${name}" already.`)
      const tenant = await database.asSystem('a new company', (tx) => createTenant(tx, name))
      return { company: name, id: tenant }
    },

    connect: async (options) => {
      const wanted = asked(connectOptions, options)
      const tenant = await companyOf(service, wanted.company)
      const config = { ...wanted.columns, path: resolve(wanted.path) }
      const population = await populationFor(service, tenant.id, config, wanted.customers)
      const name = wanted.name ?? config.path.split(/[\\/]/).at(-1)!
      const { id } = await connectFile(service, {
        tenant: tenant.id,
        config,
        name,
        population,
        by: COMMAND_LINE,
        wake,
      })
      return { company: tenant.name, connection: name, id, population }
    },

    settings: async (options) => {
      const { company, settings } = ofCompany.extend({ settings: z.unknown().optional() }).parse(options)
      const tenant = await companyOf(service, company)
      return database.withTenant(tenant.id, async (tx) => {
        const before = await currentSettings(tx)
        if (settings === undefined) return { company: tenant.name, ...before }
        const version = await saveSettings(tx, settings, { expected: before.version, author: 'cli' })
        await recordAudit(tx, { actor: 'cli', action: 'settings.save', object: `version ${version}` })
        await releaseDeferred(tx, ENDED_BY_SETTINGS)
        tx.afterCommit(wake)
        return { company: tenant.name, ...(await currentSettings(tx)) }
      })
    },

    secret: async (options) => {
      const { company, name, value } = asked(
        ofCompany.extend({ name: z.string(), value: z.string().min(1).max(20_000) }),
        options,
      )
      const place = Object.hasOwn(SECRETS, name) ? SECRETS[name as keyof typeof SECRETS] : null
      if (place === null)
        throw new HoldfastError(
          'usage',
          `There is no secret "${name}". Known: ${Object.keys(SECRETS).join(', ')}.`,
        )
      const tenant = await companyOf(service, company)
      await database.withTenant(tenant.id, async (tx) => {
        await vault.seal(tx, place, value)
        await recordAudit(tx, { actor: 'cli', action: 'secret.seal', object: name })
        await releaseDeferred(tx, ENDED_BY_SETTINGS)
        tx.afterCommit(wake)
      })
      return { company: tenant.name, secret: name }
    },

    activate: async (options) => {
      const tenant = await companyOf(service, ofCompany.parse(options).company)
      return database.withTenant(tenant.id, async (tx) => {
        const at = await activateTenant(tx, tenant.id)
        await recordAudit(tx, { actor: 'cli', action: 'tenant.activate' })
        tx.afterCommit(wake)
        const { settings } = await currentSettings(tx)
        return {
          company: tenant.name,
          activatedAt: at.toISOString(),
          delivery: settings.delivery.mode,
          groups: groupPower(await groupSizes(tx)).sentence,
        }
      })
    },
  }
}

const connectOptions = ofCompany.extend({
  path: z.string().min(1),
  name: z.string().trim().min(1).max(100).optional(),
  /** `everyone`, or `column=value,value`. */
  customers: z.string().optional(),
  columns: z.record(z.string(), z.string()).default({}),
})

/** As it was said; where nothing was said, a proposal that the person has to repeat, since nobody is scored unasked. */
async function populationFor(
  service: Service,
  tenant: TenantId,
  config: Readonly<Record<string, unknown>> & { readonly path: string },
  said: string | undefined,
): Promise<Population> {
  return withFile(service, { tenant, config }, async (connector) => {
    // Reads the file's columns: one that cannot be read is refused here, not by the first sync.
    const [{ profile }] = await connector.describe()
    if (said === undefined)
      throw new HoldfastError(
        'usage',
        `Say which rows are customers: ${inOption(proposePopulation(profile))} looks right for this file. Nobody else is ever scored or written to.`,
      )
    const wanted = parsePopulation(said)
    const known = profile.columns.map(({ header }) => header)
    if (wanted.kind === 'property' && !known.includes(wanted.property))
      throw new HoldfastError(
        'column_missing',
        `The file has no column "${wanted.property}". Its columns: ${known.join(', ')}.`,
      )
    return wanted
  })
}

/**
 * @example
 * parsePopulation('type=customer,client') // { kind: 'property', property: 'type', values: ['customer', 'client'] }
 */
export function parsePopulation(said: string): ValuePopulation {
  if (said === 'everyone') return { kind: 'everyone' }
  const [property, values] = said.split(/=(.*)/s)
  const wanted = (values ?? '').split(',').map((value) => value.trim())
  if (property.trim() !== '' && wanted.every((value) => value !== ''))
    return { kind: 'property', property: property.trim(), values: wanted }
  throw new HoldfastError(
    'usage',
    `--customers takes everyone, or a column and its values such as "status=customer", not "${said}".`,
  )
}

function inOption(population: ValuePopulation): string {
  if (population.kind === 'everyone') return '--customers everyone'
  return `--customers "${population.property}=${population.values.join(',')}"`
}

/** By name or id; the oldest where none is named. */
export async function companyOf(
  { database }: Pick<Service, 'database'>,
  name: string | undefined,
): Promise<{ readonly id: TenantId; readonly name: string }> {
  const tenants = await database.asSystem('companies for the command line', listTenants)
  const found = name === undefined ? tenants[0] : tenants.find((one) => one.name === name || one.id === name)
  if (found !== undefined) return found
  throw new HoldfastError(
    'not_found',
    name === undefined
      ? 'There is no company here yet: holdfast company <name> makes one, and the first start of the server a sample.'
      : `There is no company "${name}". Known: ${tenants.map((one) => `"${one.name}"`).join(', ')}.`,
  )
}
