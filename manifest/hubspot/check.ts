/** Whether a project would be taken: each file by its shape, and all of them together. */
import { posix } from 'node:path'
import type { z } from 'zod'
import { KINDS } from './kinds.ts'
import { projectShape } from './kinds/shape.ts'

/** By path beneath the project's folder, with forward slashes. */
export type ProjectFiles = ReadonlyMap<string, string>

export interface ProjectProblem {
  readonly file: string
  readonly problem: string
}

/**
 * @returns what is wrong, file by file; empty: nothing
 * @example
 * checkProject(hubspotProject({ publicUrl: 'https://holdfast.example.com', … })) // []
 */
export function checkProject(files: ProjectFiles): readonly ProjectProblem[] {
  const problems: ProjectProblem[] = []
  const say = (file: string, problem: string): void => void problems.push({ file, problem })
  const project = parsed(files, 'hsproject.json', say)
  if (project !== undefined) judge('hsproject.json', projectShape, project, say)

  const uids = new Map<string, string>()
  const singles = new Map<string, string>()
  for (const file of files.keys()) {
    if (!file.endsWith('-hsmeta.json')) continue
    const content = parsed(files, file, say)
    if (content === undefined) continue
    const { type, uid, config } = content as { type?: unknown; uid?: unknown; config?: Entry }
    const kind = KINDS.find((one) => one.type === type)
    if (kind === undefined) {
      say(file, `type: ${JSON.stringify(type) ?? 'nothing'} is no kind of component that this app has`)
      continue
    }
    const expected = posix.join('src', kind.folder)
    if (posix.dirname(file) !== expected)
      say(file, `lies in ${posix.dirname(file)}, and belongs into ${expected}`)
    if (kind.count === 'one') once(singles, kind.type, file, `is a second ${kind.type}`, say)
    if (typeof uid === 'string') once(uids, uid, file, `has the uid ${uid}`, say)
    judge(file, kind.shape, content, say)
    if (kind.pages === true) expectPage(files, file, config?.entrypoint, say)
  }
  if (!singles.has('app')) say('src/app', 'there is no app')
  return problems
}

type Say = (file: string, problem: string) => void

interface Entry {
  readonly entrypoint?: unknown
}

function once(known: Map<string, string>, key: string, file: string, what: string, say: Say): void {
  const other = known.get(key)
  if (other === undefined) known.set(key, file)
  else say(file, `${what}, as ${other} does`)
}

/** The page and all that it imports lie in its folder, with a package that names its libraries: each folder is built by itself. */
function expectPage(files: ProjectFiles, file: string, entrypoint: unknown, say: Say): void {
  if (typeof entrypoint !== 'string') return
  const folder = posix.dirname(file)
  const seen = new Set<string>()
  const follow = (path: string, from: string): void => {
    if (seen.has(path)) return
    seen.add(path)
    const text = files.get(path)
    if (text === undefined) say(from, `begins or goes on with ${path}, which is missing`)
    else if (posix.dirname(path) !== folder) say(from, `takes ${path}, which lies outside ${folder}`)
    else
      for (const [, imported] of text.matchAll(/\bfrom '(\.[\w./-]+)'/g))
        follow(posix.join(posix.dirname(path), imported), path)
  }
  follow(posix.join('src', entrypoint), file)
  const libraries = posix.join(folder, 'package.json')
  if (!files.has(libraries)) say(libraries, 'is missing')
}

function parsed(files: ProjectFiles, file: string, say: Say): object | undefined {
  const text = files.get(file)
  if (text === undefined) {
    say(file, 'is missing')
    return undefined
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
    say(file, 'is no object')
  } catch {
    say(file, 'is no JSON')
  }
  return undefined
}

function judge(file: string, shape: z.ZodType, content: object, say: Say): void {
  const judged = shape.safeParse(content)
  for (const { path, message } of judged.error?.issues ?? [])
    say(file, path.length === 0 ? message : `${path.join('.')}: ${message}`)
}
