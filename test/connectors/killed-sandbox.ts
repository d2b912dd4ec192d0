/** A sandbox in a process of its own that is killed while it is written to. */
import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Served {
  readonly url: string
  readonly token: string
}

/**
 * @param program starts the sandbox and sends {@link Served} to its parent
 * @param write creates a record of this name
 * @returns names of the records that it said it had created
 */
export async function killedWhileWriting(
  folder: string,
  program: string,
  write: (served: Served, name: string) => Promise<Response>,
): Promise<string[]> {
  const path = join(folder, 'serve.ts')
  writeFileSync(path, program)
  const child = fork(path, { stdio: 'ignore', execArgv: [] })
  const served = await new Promise<Served>((resolve) =>
    child.once('message', (message) => resolve(message as Served)),
  )
  const answered: string[] = []
  const alive = { now: true }
  const writers = [1, 2, 3].map(async (n) => {
    while (alive.now) {
      const name = `${n}-${answered.length}`
      const response = await write(served, name).catch(() => null)
      if (response?.status !== 201) return
      answered.push(name)
    }
  })
  while (answered.length < 30) await new Promise((resolve) => setTimeout(resolve, 5))
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  alive.now = false
  await gone
  await Promise.all(writers)
  return answered
}
