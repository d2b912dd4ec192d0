import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filesOfTar } from '../../src/training/tar.ts'
import { tarOf } from './churn-file.ts'

const limits = { bytes: 1 << 20, files: 20 }
const files = fc.dictionary(fc.stringMatching(/^[a-z]{1,20}\.json$/), fc.uint8Array({ maxLength: 2000 }), {
  maxKeys: 6,
})

describe('a tar archive', () => {
  it('gives back what was packed', () => {
    fc.assert(
      fc.property(files, (packed) => {
        const found = filesOfTar(tarOf(new Map(Object.entries(packed))), limits)
        expect(Object.fromEntries([...found].map(([name, bytes]) => [name, [...bytes]]))).toEqual(
          Object.fromEntries(Object.entries(packed).map(([name, bytes]) => [name, [...bytes]])),
        )
      }),
    )
  })

  it('of any bytes is refused in words or read, never a defect', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.nat(1500), files, (noise, at, packed) => {
        const whole = tarOf(new Map(Object.entries(packed)))
        whole.set(noise.subarray(0, Math.max(0, whole.length - at)), Math.min(at, whole.length))
        for (const bytes of [noise, whole]) {
          try {
            filesOfTar(bytes, limits)
          } catch (error) {
            expect(error).toMatchObject({
              code: expect.stringMatching(/^(input_format|request_too_large)$/) as string,
            })
          }
        }
      }),
    )
  })

  it('is read as the system packs it, and a link in it is refused', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-tar-'))
    writeFileSync(join(folder, 'bundle.json'), '{}')
    const pack = () => execFileSync('tar', ['-czf', '-', '-C', folder, '.'])
    expect([...filesOfTar(pack(), limits).keys()]).toEqual(['bundle.json'])
    symlinkSync('/etc/passwd', join(folder, 'card.md'))
    expect(() => filesOfTar(pack(), limits)).toThrow(/a link/)
    rmSync(folder, { recursive: true })
  })

  it('that unpacks to more than there may be is refused', () => {
    const bomb = execFileSync('gzip', ['-c'], { input: Buffer.alloc(4 << 20) })
    expect(() => filesOfTar(bomb, limits)).toThrow(/larger than 1 MB/)
  })
})
