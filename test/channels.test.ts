import { expect, it } from 'vitest'
import { openChannels } from '../src/channels.ts'
import { systemClock } from '../src/contracts/clock.ts'
import { asTenant } from '../src/contracts/ids.ts'
import { parseServiceSettings } from '../src/settings/service.ts'
import type { Database, Transaction } from '../src/store/database.ts'

const tenant = asTenant('00000000-0000-4000-8000-000000000001')
const settings = parseServiceSettings({
  sms: { accountSid: `AC${'0'.repeat(32)}`, apiKeySid: `SK${'0'.repeat(32)}`, number: '+15005550006' },
})

function channelsWith(secrets: Readonly<Record<string, string>>) {
  const database = {
    withTenant: <T>(_: unknown, work: (tx: Transaction) => Promise<T>) => work({} as Transaction),
  } as unknown as Database
  return openChannels({
    database,
    vault: {
      unseal: (_tx: unknown, { name }: { name: string }) =>
        Promise.resolve(name in secrets ? Buffer.from(secrets[name]) : null),
    } as never,
    secrets: { linkKey: () => Promise.resolve(Buffer.alloc(32)) },
    clock: systemClock,
    inbox: null,
    texts: null,
    publicUrl: 'https://hold.example.com',
    localUrl: () => 'http://localhost:3000',
  })
}

const sms = (secrets: Readonly<Record<string, string>>) =>
  channelsWith(secrets).sms!({ tenant, delivery: 'live', settings })

it('no text goes out by an API key where nobody could be believed who answers STOP', async () => {
  await expect(sms({ api_secret: 'secret' })).rejects.toMatchObject({
    code: 'channel_configuration',
    message: expect.stringContaining('sms-auth-token'),
  })
  const channel = await sms({ api_secret: 'secret', auth_token: 'token' })
  expect(channel?.name).toBe('sms')
  await channel?.close()
})
