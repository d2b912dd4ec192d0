/** The channels of each tenant, opened at first use and again when its settings change. */
import { openEmailChannel } from '../actions/email/channel.ts'
import type { Channel } from '../actions/channel.ts'
import { openSmsChannel } from '../actions/sms/channel.ts'
import type { SmsSandbox } from '../actions/sms/sandbox/sandbox.ts'
import type { Clock } from './contracts/clock.ts'
import { HoldfastError } from './contracts/errors.ts'
import type { TenantId } from './contracts/ids.ts'
import type { Channels } from './loop/act-services.ts'
import type { Secrets } from './loop/services.ts'
import { SMS_API_SECRET, SMS_AUTH_TOKEN, smsAddresses, smsLacks, smsSenderOf } from './loop/sms-account.ts'
import type { Vault } from './security/vault.ts'
import type { Database } from './store/database.ts'

/** Where the password of the SMTP user lies in the vault. */
export const SMTP_PASSWORD = { owner: 'email', name: 'smtp_password' } as const
/** Where the private key of DKIM lies in the vault, PEM. */
export const DKIM_KEY = { owner: 'email', name: 'dkim_key' } as const

export interface ChannelsOptions {
  readonly database: Database
  readonly vault: Vault
  readonly secrets: Pick<Secrets, 'linkKey'>
  readonly clock: Clock
  /** The sandbox inbox of this process; null: it has none. */
  readonly inbox: { readonly host: string; readonly port: number } | null
  /** The SMS sandbox of this process; null: it has none. */
  readonly texts: SmsSandbox | null
  /** How the world reaches this installation, and how this machine does. */
  readonly publicUrl: string | null
  readonly localUrl: () => string
}

/**
 * @example
 * const channels = openChannels({ database, vault, secrets, clock, inbox, texts, publicUrl, localUrl })
 * const channel = await channels.email({ tenant, delivery: 'sandbox', settings })
 */
export function openChannels(options: ChannelsOptions): Channels & { close(): Promise<void> } {
  const { database, vault, clock, inbox, texts, publicUrl } = options
  const sandbox = inbox === null ? null : sandboxMail(inbox, clock)
  const mail = kept()
  const live = kept()
  const rehearsed = kept()

  const secretOf = async (tenant: TenantId, of: { owner: string; name: string }): Promise<string | null> =>
    database.withTenant(tenant, async (tx) => (await vault.unseal(tx, of))?.toString('utf8') ?? null)
  const linkKeyOf = (tenant: TenantId): Promise<Buffer> =>
    database.withTenant(tenant, (tx) => options.secrets.linkKey(tx))

  return {
    email: async ({ tenant, delivery, settings: { smtp } }) => {
      if (delivery === 'sandbox') return sandbox
      const { host, port, security, connections, user, dkimDomain, dkimSelector } = smtp
      if (host === null) return null
      const password = await secretOf(tenant, SMTP_PASSWORD)
      const dkimKey = await secretOf(tenant, DKIM_KEY)
      return mail.get(tenant, [smtp, password, dkimKey], async () =>
        openEmailChannel({
          host,
          port,
          security,
          connections,
          user,
          password,
          dkim:
            dkimKey !== null && dkimDomain !== null && dkimSelector !== null
              ? { domain: dkimDomain, selector: dkimSelector, privateKey: dkimKey }
              : null,
          clock,
        }),
      )
    },
    sms: async ({ tenant, delivery, settings: { sms } }) => {
      if (delivery === 'sandbox') {
        if (texts === null) return null
        const base = options.localUrl()
        return rehearsed.get(tenant, [base], async () =>
          sandboxTexts(texts, { base, linkKey: await linkKeyOf(tenant), tenant, clock }),
        )
      }
      const from = smsSenderOf(sms)
      const { accountSid, apiKeySid } = sms
      if (accountSid === null || from === null) return null
      const authToken = await secretOf(tenant, SMS_AUTH_TOKEN)
      const secret = apiKeySid === null ? authToken : await secretOf(tenant, SMS_API_SECRET)
      if (secret === null) return null
      // Twilio signs with it whatever requests are signed in with: without it nobody could say STOP.
      if (authToken === null)
        throw new HoldfastError(
          'channel_configuration',
          'The auth token of the account is not in the vault, so STOP and what became of a text would not be believed, and no text goes out. Store it with the secret sms-auth-token; it is needed with an API key too.',
        )
      return live.get(tenant, [sms, secret, publicUrl], async () => {
        const reached = publicUrl === null ? null : smsAddresses(publicUrl, await linkKeyOf(tenant), tenant)
        return openSmsChannel({
          accountSid,
          auth: apiKeySid === null ? { authToken: secret } : { apiKey: apiKeySid, secret },
          from,
          statusCallback: (key) => reached?.status(key) ?? null,
          inboundUrl: reached?.inbound ?? null,
          clock,
        })
      })
    },
    smsSituation: ({ sms }) => ({ sandbox: texts !== null, missing: smsLacks(sms) }),
    close: async () => {
      await sandbox?.close()
      for (const channels of [mail, live, rehearsed]) await channels.close()
    },
  }
}

const sandboxMail = ({ host, port }: { host: string; port: number }, clock: Clock): Channel =>
  openEmailChannel({ host, port, security: 'none', user: null, password: null, dkim: null, clock })

function sandboxTexts(
  sandbox: SmsSandbox,
  {
    base,
    linkKey,
    tenant,
    clock,
  }: { readonly base: string; readonly linkKey: Buffer; readonly tenant: TenantId; readonly clock: Clock },
): Channel {
  const reached = smsAddresses(base, linkKey, tenant)
  return openSmsChannel({
    accountSid: sandbox.accountSid,
    auth: { authToken: sandbox.authToken },
    from: { number: sandbox.number },
    baseUrl: sandbox.url,
    statusCallback: (key) => reached.status(key),
    inboundUrl: reached.inbound,
    clock,
  })
}

/** The channel of each tenant, for as long as what it was opened with is the same. */
function kept() {
  const channels = new Map<TenantId, { readonly of: string; readonly channel: Promise<Channel> }>()
  return {
    get(tenant: TenantId, madeOf: readonly unknown[], open: () => Promise<Channel>): Promise<Channel> {
      const of = JSON.stringify(madeOf)
      const known = channels.get(tenant)
      if (known?.of === of) return known.channel
      const channel = open()
      channels.set(tenant, { of, channel })
      channel.catch(() => channels.delete(tenant))
      // What it is sending ends first: nobody waits for that here.
      void known?.channel.then((before) => before.close()).catch(() => undefined)
      return channel
    },
    close: async (): Promise<void> => {
      for (const { channel } of channels.values()) await (await channel.catch(() => null))?.close()
    },
  }
}
