import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { environmentOfChildren } from '../../src/config.ts'
import { doApart, forPeople } from '../../src/training/apart.ts'
import type { TrainingJob } from '../../src/training/job.ts'
import { churnFile } from './churn-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-apart-'))
afterAll(() => rmSync(folder, { recursive: true }))

function trainingOf(rows: number): Extract<TrainingJob, { kind: 'train' }> {
  const path = join(folder, `${rows}.csv`)
  writeFileSync(path, churnFile(rows))
  return {
    kind: 'train',
    path,
    name: 'customers.csv',
    threads: 1,
    today: 20_700,
    version: '1',
    out: join(folder, 'model'),
    champions: [],
    request: { target: { column: 'Churn' }, horizonDays: null, keep: [], seed: 42, folds: 20, name: 'mine' },
  }
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((text) => text !== '')
    .map(Number)
const children = (): number[] => childrenOf(process.pid)

// Whose child a process is stands in /proc, which Linux alone has.
describe.runIf(process.platform === 'linux')('a job apart', () => {
  it.each(['SIGSEGV', 'SIGABRT'] as const)(
    'that crashes (%s) takes nobody with it and says so',
    async (signal) => {
      const before = new Set(children())
      const phases: string[] = []
      const working = doApart(trainingOf(20_000), {
        signal: new AbortController().signal,
        onProgress: (_share, phase) => phases.push(phase),
      })
      working.catch(() => undefined)
      while (phases.length === 0) await sleep(20)
      const child = children().find((one) => !before.has(one))!
      process.kill(child, signal)
      await expect(working).rejects.toMatchObject({
        code: 'internal',
        message: expect.stringContaining(signal) as string,
      })
    },
  )

  it('that takes more memory than it may is ended, and told why', async () => {
    await expect(
      doApart(trainingOf(20_000), { signal: new AbortController().signal, memoryMb: 90 }),
    ).rejects.toMatchObject({ message: expect.stringMatching(/more than the 90 MB/) as string })
  })

  it('is broken off when it takes too long, and that is no defect', async () => {
    await expect(
      doApart(trainingOf(20_000), { signal: new AbortController().signal, longestMs: 50 }),
    ).rejects.toMatchObject({
      code: 'too_many_requests',
      message: expect.stringMatching(/took longer/) as string,
    })
  })

  it('ends at once when nobody wants it any more', async () => {
    const before = new Set(children())
    const stop = new AbortController()
    const working = doApart(trainingOf(20_000), {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    })
    await expect(working).rejects.toThrow('enough')
    await sleep(300)
    expect(children().filter((one) => !before.has(one))).toEqual([])
  })

  it('does not outlive the process that started it, even one that is killed', async () => {
    const job = trainingOf(20_000)
    const script = `
      import { doApart } from ${JSON.stringify(new URL('../../src/training/apart.ts', import.meta.url).href)}
      const onProgress = () => process.stdout.write('working')
      void doApart(${JSON.stringify(job)}, { signal: new AbortController().signal, onProgress })`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script])
    await once(parent.stdout, 'data')
    const [child] = childrenOf(parent.pid!)
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    for (let tries = 0; tries < 100 && existsSync(`/proc/${child}`); tries++) await sleep(100)
    expect(existsSync(`/proc/${child}`)).toBe(false)
  })

  it('is told no secret of the environment', () => {
    process.env['HOLDFAST_MASTER_KEY'] = 'canary'
    process.env['DATABASE_URL'] = 'postgres://canary@localhost/x'
    expect(JSON.stringify(environmentOfChildren())).not.toContain('canary')
    delete process.env['HOLDFAST_MASTER_KEY']
    delete process.env['DATABASE_URL']
  })

  it('says what is wrong without paths and without options of the command line', () => {
    const job = trainingOf(20)
    expect(forPeople(`There is no column "x" in ${job.path}. Name one of them with --target.`, job)).toBe(
      'There is no column "x" in customers.csv. Name one of them.',
    )
  })
})
