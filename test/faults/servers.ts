/** A PostgreSQL and a Redis of a test's own, in a temporary folder: to be stopped, killed and started again. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from './process.ts'

export interface OwnServer {
  readonly url: string
  start(): Promise<void>
  /** At once, without saying goodbye to anybody. */
  kill(): Promise<void>
  /** Kills it and removes its folder. */
  remove(): Promise<void>
}

const postgresFolder = globSync('/usr/{lib/postgresql/*,local,local/pgsql}/bin/initdb').map((path) =>
  join(path, '..'),
)[0]
/** Null where PostgreSQL can be started; otherwise why not. */
export const noPostgres: string | null =
  postgresFolder === undefined ? 'no PostgreSQL is installed here' : null

const redisServer = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find((path) => existsSync(path))
/** Null where Redis can be started; otherwise why not. */
export const noRedis: string | null = redisServer === undefined ? 'no Redis is installed here' : null

/** Started. */
export async function ownPostgres(): Promise<OwnServer> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-postgres-'))
  const data = join(folder, 'data')
  const port = await freePort()
  // PostgreSQL refuses to run as root.
  const isRoot = process.getuid?.() === 0
  const run = (program: string, args: readonly string[]): void => {
    const command = [join(postgresFolder, program), ...args]
    const [file, ...rest] = isRoot ? ['setpriv', ...asPostgres(), ...command] : command
    execFileSync(file, rest, { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder })
  }
  if (isRoot) execFileSync('chown', ['postgres', folder])
  run('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'])
  const options = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c fsync=off`
  const start = async (): Promise<void> =>
    run('pg_ctl', ['-D', data, '-w', '-l', join(folder, 'log'), '-o', options, 'start'])
  const kill = async (): Promise<void> => run('pg_ctl', ['-D', data, '-w', '-m', 'immediate', 'stop'])
  await start()
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    start,
    kill,
    remove: async () => {
      await kill().catch(() => undefined)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function asPostgres(): string[] {
  return ['--reuid=postgres', '--regid=postgres', '--init-groups', '--']
}

/**
 * Started.
 *
 * @param options of redis-server: `{ 'maxmemory-policy': 'allkeys-lru' }`
 */
export async function ownRedis(options: Readonly<Record<string, string>> = {}): Promise<OwnServer> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-redis-'))
  const port = await freePort()
  const settings = { port: String(port), bind: '127.0.0.1', dir: folder, save: '', ...options }
  let child: ChildProcess | null = null
  const start = async (): Promise<void> => {
    child = spawn(
      redisServer ?? '',
      Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
      { stdio: 'ignore' },
    )
    await until('Redis answers', () => answers(port), { everyMs: 20 })
  }
  const kill = async (): Promise<void> => {
    if (child === null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    child = null
    await gone
  }
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    kill,
    remove: async () => {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const end = (answered: boolean) => (): void => {
      socket.destroy()
      resolve(answered)
    }
    socket.once('connect', end(true)).once('error', end(false))
  })
}
