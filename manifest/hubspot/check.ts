/** Whether a project would be taken: each file by its shape, and all of them together. */
import { posix } from 'node:path'
import type { z } from 'zod'
import { COMPONENTS, projectShape, type ComponentType } from './shapes.ts'

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
  const types = new Map<string, string>()
  for (const file of files.keys()) {
    if (!file.endsWith('-hsmeta.json')) continue
    const content = parsed(files, file, say)
    if (content === undefined) continue
    const { type, uid } = content as { type?: unknown; uid?: unknown }
    if (typeof type !== 'string' || !Object.hasOwn(COMPONENTS, type)) {
      say(file, `type: ${JSON.stringify(type) ?? 'nothing'} is no kind of component that this app has`)
      continue
    }
    const { folder, shape } = COMPONENTS[type as ComponentType]
    const expected = posix.join('src', folder)
    if (posix.dirname(file) !== expected)
      say(file, `lies in ${posix.dirname(file)}, and belongs into ${expected}`)
    once(types, type, file, `is a second ${type}`, say)
    if (typeof uid === 'string') once(uids, uid, file, `has the uid ${uid}`, say)
    judge(file, shape, content, say)
  }
  if (!types.has('app')) say('src/app', 'there is no app')
  return problems
}

type Say = (file: string, problem: string) => void

function once(known: Map<string, string>, key: string, file: string, what: string, say: Say): void {
  const other = known.get(key)
  if (other === undefined) known.set(key, file)
  else say(file, `${what}, as ${other} does`)
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
