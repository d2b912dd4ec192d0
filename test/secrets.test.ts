import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const bin = join(
  dirname(createRequire(import.meta.url).resolve('secretlint/package.json')),
  'bin/secretlint.js',
)

/** What it says of the files, as it ends. */
async function scan(files: readonly string[]): Promise<{ ok: boolean; said: string }> {
  const args = [
    bin,
    '--maskSecrets',
    '--no-color',
    '--secretlintrc',
    join(root, '.secretlintrc.json'),
    ...files,
  ]
  return run(process.execPath, args, { cwd: root }).then(
    ({ stdout }) => ({ ok: true, said: stdout }),
    (error: { stdout?: string; stderr?: string }) => ({
      ok: false,
      said: `${error.stdout ?? ''}${error.stderr ?? ''}`,
    }),
  )
}

describe('what is kept here', () => {
  let folder: string
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'holdfast-secrets-'))))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  // Without its history nobody says which files belong to it.
  it.skipIf(!existsSync(join(root, '.git')))('holds no secret', async () => {
    const { stdout } = await run('git', ['ls-files', '-z'], { cwd: root })
    const files = stdout
      .split('\0')
      .filter((file) => file !== '' && !/\.(png|gz|onnx|woff2|ico|xlsx)$/.test(file))
    expect(files.length).toBeGreaterThan(2000)
    expect(await scan(files)).toEqual({ ok: true, said: '' })
  })

  it('would be refused with one', async () => {
    const file = join(folder, 'key.txt')
    // In two pieces, so that it is none here.
    writeFileSync(file, `token: ${'ghp_'}${'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'}\n`)
    const { ok, said } = await scan([file])
    expect(ok).toBe(false)
    expect(said).toContain('GITHUB_TOKEN')
  })
})
