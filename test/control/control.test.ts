import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, expect, it } from 'vitest'
import { askServer } from '../../src/control/client.ts'
import { controlPath } from '../../src/control/protocol.ts'
import { startControl, type ControlCommand, type ControlServer } from '../../src/control/server.ts'
import { HoldfastError } from '../../src/contracts/errors.ts'

const log = pino({ level: 'silent' })
const folders: string[] = []
const servers: ControlServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

async function serving(commands: Readonly<Record<string, ControlCommand>>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-control-'))
  folders.push(folder)
  servers.push(await startControl({ folder, commands, log }))
  return folder
}

it('a command gets its options, tells how far it is, and gives its result', async () => {
  const folder = await serving({
    sync: async (options, { report }) => {
      report('half of it')
      report({ label: 'sync', done: 1, total: null })
      return { asked: options }
    },
  })
  const lines: unknown[] = []
  const result = await askServer(folder, 'sync', { connection: 'a\nb' }, (line) => lines.push(line))
  expect(result).toEqual({ asked: { connection: 'a\nb' } })
  expect(lines).toEqual(['half of it', { label: 'sync', done: 1, total: null }])
})

it('what the server refuses is refused with its code and sentence', async () => {
  const folder = await serving({
    run: async () => {
      throw new HoldfastError('paused', 'Everything is paused.', { retryable: true })
    },
  })
  await expect(askServer(folder, 'run', {})).rejects.toMatchObject({
    code: 'paused',
    message: 'Everything is paused.',
    retryable: true,
  })
  await expect(askServer(folder, 'nothing', {})).rejects.toMatchObject({ code: 'usage' })
})

it('there is nobody to ask where no server runs, or one that died left its socket', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-control-'))
  folders.push(folder)
  expect(await askServer(folder, 'sync', {})).toBeNull()
  writeFileSync(controlPath(folder), '')
  expect(await askServer(folder, 'sync', {})).toBeNull()
  servers.push(await startControl({ folder, commands: { sync: async () => ({}) }, log }))
  expect(await askServer(folder, 'sync', {})).toEqual({})
})

// Windows has no modes of files.
it.skipIf(process.platform === 'win32')('only its own user may open the socket', async () => {
  const folder = await serving({})
  expect(statSync(controlPath(folder)).mode & 0o777).toBe(0o600)
})

it('a command is told when nobody waits any more', async () => {
  let told: () => void
  const aborted = new Promise<void>((done) => (told = done))
  const folder = await serving({
    run: async (_, { signal }) => {
      await new Promise((done) => signal.addEventListener('abort', done))
      told()
      return {}
    },
  })
  const socket = connect(controlPath(folder))
  socket.write(`${JSON.stringify({ command: 'run', options: {} })}\n`)
  setTimeout(() => socket.destroy(), 50)
  await aborted
})

it('a server that ends says so to whoever waits', async () => {
  const folder = await serving({ run: () => new Promise(() => undefined) })
  const asked = askServer(folder, 'run', {})
  asked.catch(() => undefined)
  await new Promise((done) => setTimeout(done, 50))
  await servers.splice(0)[0].close()
  await expect(asked).rejects.toMatchObject({ code: 'server_unreachable' })
  expect(existsSync(controlPath(folder))).toBe(false)
})

it('a folder with a long path has its socket elsewhere, always at the same place', () => {
  const long = `/${'x'.repeat(120)}`
  expect(Buffer.byteLength(controlPath(long))).toBeLessThan(104)
  expect(controlPath(long)).toBe(controlPath(`${long}/`))
  expect(controlPath(long)).not.toBe(controlPath(`${long}y`))
})
