/**
 * bundle.json: what a model bundle says of itself, its files with their checksums, and one hash over all of
 * it. Two kinds share the format: a churn model and a policy.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { canonicalJson } from '../canonical-json.ts'

/** Raised whenever an older Holdfast could no longer read what this one writes. */
export const FORMAT = 1

export const MANIFEST = 'bundle.json'

export type BundleKind = 'churn' | 'policy'

const MB = 2 ** 20

/** The files beside bundle.json and how large each may be, in bytes: reading trusts no folder with the memory. */
export const FILES = {
  churn: {
    'model.onnx': 256 * MB,
    'model.json': 384 * MB,
    'features.json': 64 * MB,
    'population.json': 64 * MB,
    'card.json': 64 * MB,
    'card.md': 4 * MB,
  },
  policy: { 'policy.onnx': 64 * MB, 'assumptions.json': 16 * MB, 'card.json': 64 * MB, 'card.md': 4 * MB },
} as const satisfies Record<BundleKind, Record<string, number>>

export const MANIFEST_LIMIT = MB

const fileSchema = z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.int().min(0) })
const named = {
  format: z.literal(FORMAT),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/i, 'a name is letters, digits, dots, dashes, at most 64'),
  version: z.string().regex(/^[\x21-\x7e]{1,64}$/, 'a version is at most 64 characters without spaces'),
}
const churnSchema = z.strictObject({
  ...named,
  kind: z.literal('churn'),
  meaning: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('snapshot') }),
    z.strictObject({ kind: z.literal('horizon'), days: z.int().min(1) }),
  ]),
  width: z.int().min(1).max(100_000),
  files: z.strictObject({
    'model.onnx': fileSchema,
    'model.json': fileSchema,
    'features.json': fileSchema,
    'population.json': fileSchema,
    'card.json': fileSchema,
    'card.md': fileSchema,
  }),
})
const policySchema = z.strictObject({
  ...named,
  kind: z.literal('policy'),
  stateSize: z.int().min(1).max(10_000),
  actions: z.array(z.string().min(1).max(200)).min(1).max(1000),
  files: z.strictObject({
    'policy.onnx': fileSchema,
    'assumptions.json': fileSchema,
    'card.json': fileSchema,
    'card.md': fileSchema,
  }),
})

/** bundle.json without its hash. */
export const manifestSchema = z.discriminatedUnion('kind', [churnSchema, policySchema])

export type Manifest = z.infer<typeof manifestSchema>
export type ManifestOf<Kind extends BundleKind> = Extract<Manifest, { kind: Kind }>

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** The one hash of a bundle: SHA-256 (hex) of bundle.json without it, which holds the checksum of every file. */
export function bundleHash(manifest: Manifest): string {
  return sha256(canonicalJson(manifest))
}
