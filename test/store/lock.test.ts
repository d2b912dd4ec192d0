import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockFolder } from '../../src/store/lock.ts'

describe('the lock of a folder', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-lock-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('refuses a second opening, names the process and says what to do', async () => {
    const unlock = await lockFolder(folder)
    await expect(lockFolder(folder)).rejects.toMatchObject({
      code: 'database_locked',
      message: expect.stringMatching(new RegExp(`process ${process.pid} .*DATABASE_URL`)),
    })
    await unlock()
  })

  it('can be taken again once it was given back', async () => {
    await (
      await lockFolder(folder)
    )()
    await (
      await lockFolder(folder)
    )()
  })

  it('takes over the lock of a process that is gone, or of one before us with our number', async () => {
    for (const pid of [2 ** 22 + 7, process.pid]) {
      await writeFile(join(folder, 'holdfast.lock'), JSON.stringify({ pid, since: 'yesterday' }))
      const unlock = await lockFolder(folder)
      expect(JSON.parse(await readFile(join(folder, 'holdfast.lock'), 'utf8')).pid).toBe(process.pid)
      await unlock()
    }
  })

  it('takes over a lock that was half written', async () => {
    await writeFile(join(folder, 'holdfast.lock'), '{"pi')
    await (
      await lockFolder(folder)
    )()
  })

  it('respects a live process of somebody else', async () => {
    await writeFile(join(folder, 'holdfast.lock'), JSON.stringify({ pid: process.ppid, since: 'today' }))
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'database_locked' })
  })

  it('lets one of many win who try at once, whatever a death left', async () => {
    const left = [null, '{"pi', JSON.stringify({ pid: 2 ** 22 + 7, since: 'yesterday' })]
    for (let round = 0; round < 60; round++) {
      const said = left[round % left.length]
      if (said !== null) await writeFile(join(folder, 'holdfast.lock'), said)
      const tried = await Promise.allSettled(Array.from({ length: 10 }, () => lockFolder(folder)))
      const won = tried.filter((one) => one.status === 'fulfilled')
      expect([round, won.length]).toEqual([round, 1])
      await won[0].value()
      expect(await readdir(folder)).toEqual([])
    }
  })

  it('takes over from one who died while taking over', async () => {
    const dead = (id: string) => JSON.stringify({ pid: 2 ** 22 + 7, since: 'yesterday', id })
    await writeFile(join(folder, 'holdfast.lock'), dead('a'))
    const claim = createHash('sha256').update(dead('a')).digest('hex').slice(0, 16)
    await writeFile(join(folder, `holdfast.lock.${claim}`), dead('b'))
    const unlock = await lockFolder(folder)
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'database_locked' })
    await unlock()
  })
})
