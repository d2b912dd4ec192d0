/**
 * From the files of a bundle to what they say: each part parsed, and checked to fit the others. What is wrong
 * becomes one error that names the file and says what to do.
 */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import { designOf } from '../features/design.ts'
import { FEATURE_VERSION } from '../features/feature-set.ts'
import type { Bundle, ChurnBundle, PolicyBundle } from './bundle-contents.ts'
import { MANIFEST } from './bundle-format.ts'
import type { Manifest, ManifestOf } from './bundle-format.ts'
import { modelWidth, readModel } from './bundle-model.ts'
import { readFeatureSet, readPopulation } from './bundle-parts.ts'
import { OnnxFormatError } from './decode.ts'
import { churnShape, inspectOnnx, policyShape } from './inspect.ts'

/** The files of a bundle by name, without bundle.json. */
export type Files = ReadonlyMap<string, Uint8Array>

/**
 * @param dir for the messages only
 * @throws HoldfastError model_corrupt | model_version
 */
export function openBundle(dir: string, hash: string, manifest: Manifest, files: Files): Bundle {
  return manifest.kind === 'churn'
    ? openChurn(dir, hash, manifest, files)
    : openPolicy(dir, hash, manifest, files)
}

/** Runs a parser; what it throws becomes a damaged bundle that names the file. */
export function parsed<T>(dir: string, name: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw damaged(dir, `${name}: ${reasonOf(error)}`, error)
  }
}

export function damaged(dir: string, what: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    'model_corrupt',
    `The model in ${dir} is damaged: ${what}. Put a whole copy of the folder back, or train the model again.`,
    { cause },
  )
}

export function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(textOf(bytes))
}

function openChurn(dir: string, hash: string, manifest: ManifestOf<'churn'>, files: Files): ChurnBundle {
  const { name, version, meaning, width } = manifest
  const onnx = partOf(files, 'model.onnx')
  const model = jsonPart(dir, files, 'model.json', readModel)
  const features = jsonPart(dir, files, 'features.json', readFeatureSet)
  const population = jsonPart(dir, files, 'population.json', (json) => readPopulation(json, features))
  if (modelWidth(model) !== width) {
    throw damaged(dir, `model.json takes ${modelWidth(model)} columns, ${MANIFEST} says ${width}`)
  }
  if (features.version !== FEATURE_VERSION) {
    throw new HoldfastError(
      'model_version',
      `The model in ${dir} was trained on features of version ${features.version}, whose meaning has changed since ` +
        `(now ${FEATURE_VERSION}). Train the model again.`,
    )
  }
  const design = designOf(features.features)
  if (design.width !== width) {
    throw damaged(dir, `features.json makes ${design.width} columns, the model takes ${width}`)
  }
  parsed(dir, 'model.onnx', () => inspectOnnx(onnx, churnShape(width)))
  const card = cardOf(dir, files)
  return {
    kind: 'churn',
    dir,
    hash,
    name,
    version,
    meaning,
    width,
    source: design.source,
    model,
    features,
    population,
    onnx,
    ...card,
  }
}

function openPolicy(dir: string, hash: string, manifest: ManifestOf<'policy'>, files: Files): PolicyBundle {
  const { name, version, stateSize, actions } = manifest
  const onnx = partOf(files, 'policy.onnx')
  parsed(dir, 'policy.onnx', () => inspectOnnx(onnx, policyShape(stateSize, actions.length)))
  const assumptions = jsonPart(dir, files, 'assumptions.json', (json) => json)
  const card = cardOf(dir, files)
  return { kind: 'policy', dir, hash, name, version, stateSize, actions, assumptions, onnx, ...card }
}

function cardOf(dir: string, files: Files): { card: unknown; cardText: string } {
  return {
    card: jsonPart(dir, files, 'card.json', (json) => json),
    cardText: parsed(dir, 'card.md', () => textOf(partOf(files, 'card.md'))),
  }
}

function jsonPart<T>(dir: string, files: Files, name: string, read: (json: unknown) => T): T {
  return parsed(dir, name, () => read(parseJson(partOf(files, name))))
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    const [{ path, message }] = error.issues
    return path.length === 0 ? message : `${path.join('.')}: ${message}`
  }
  if (error instanceof OnnxFormatError || error instanceof RangeError) return error.message
  if (error instanceof SyntaxError) return `not whole JSON (${error.message})`
  if (error instanceof TypeError && 'code' in error) return 'not UTF-8 text'
  throw error
}

function partOf(files: Files, name: string): Uint8Array {
  const bytes = files.get(name)
  if (bytes === undefined) throw new RangeError(`${name} is missing`)
  return bytes
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}
