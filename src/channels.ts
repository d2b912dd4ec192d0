/** The channels of each tenant, opened at first use and again when its settings change. */
import { openEmailChannel } from '../actions/email/channel.ts'
import type { Channel } from '../actions/channel.ts'
import type { Clock } from './contracts/clock.ts'
import type { TenantId } from './contracts/ids.ts'
import type { Channels } from './loop/act-services.ts'
import type { Vault } from './security/vault.ts'
import type { ServiceSettings } from './settings/service.ts'
import type { Database } from './store/database.ts'

/** Where the password of the SMTP user lies in the vault. */
export const SMTP_PASSWORD = { owner: 'email', name: 'smtp_password' } as const
/** Where the private key of DKIM lies in the vault, PEM. */
export const DKIM_KEY = { owner: 'email', name: 'dkim_key' } as const

export interface ChannelsOptions {
  readonly database: Database
  readonly vault: Vault
  readonly clock: Clock
  /** The sandbox inbox of this process; null: it has none. */
  readonly inbox: { readonly host: string; readonly port: number } | null
}

/**
 * @example
 * const channels = openChannels({ database, vault, clock, inbox })
 * const channel = await channels.email({ tenant, delivery: 'sandbox', settings })
 */
export function openChannels({
  database,
  vault,
  clock,
  inbox,
}: ChannelsOptions): Channels & { close(): Promise<void> } {
  const sandbox =
    inbox === null
      ? null
      : openEmailChannel({
          host: inbox.host,
          port: inbox.port,
          security: 'none',
          user: null,
          password: null,
          dkim: null,
          clock,
        })
  const live = new Map<TenantId, { readonly of: string; readonly channel: Promise<Channel> }>()

  async function open(smtp: ServiceSettings['smtp'], secrets: Secrets): Promise<Channel> {
    const { host, port, security, user, dkimDomain, dkimSelector } = smtp
    const signs = secrets.dkimKey !== null && dkimDomain !== null && dkimSelector !== null
    return openEmailChannel({
      host: host!,
      port,
      security,
      user,
      password: secrets.password,
      dkim: signs ? { domain: dkimDomain, selector: dkimSelector, privateKey: secrets.dkimKey } : null,
      clock,
    })
  }

  interface Secrets {
    readonly password: string | null
    readonly dkimKey: string | null
  }

  async function secretsOf(tenant: TenantId): Promise<Secrets> {
    return database.withTenant(tenant, async (tx) => ({
      password: (await vault.unseal(tx, SMTP_PASSWORD))?.toString('utf8') ?? null,
      dkimKey: (await vault.unseal(tx, DKIM_KEY))?.toString('utf8') ?? null,
    }))
  }

  return {
    email: async ({ tenant, delivery, settings: { smtp } }) => {
      if (delivery === 'sandbox') return sandbox
      if (smtp.host === null) return null
      const secrets = await secretsOf(tenant)
      const of = JSON.stringify([smtp, secrets])
      const known = live.get(tenant)
      if (known?.of === of) return known.channel
      const channel = open(smtp, secrets)
      live.set(tenant, { of, channel })
      channel.catch(() => live.delete(tenant))
      // What it is sending ends first: nobody waits for that here.
      void known?.channel.then((before) => before.close()).catch(() => undefined)
      return channel
    },
    close: async () => {
      await sandbox?.close()
      for (const { channel } of live.values()) await (await channel.catch(() => null))?.close()
    },
  }
}
