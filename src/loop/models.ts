/** Where models live: the shipped ones by name, one's own by folder. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readChurnBundle, readPolicyBundle } from '../../models/onnx/bundle.ts'
import type { ChurnBundle, PolicyBundle } from '../../models/onnx/bundle-contents.ts'

/** The churn models that ship with Holdfast. */
export const starterModels = ['telco', 'subscription'] as const

export type StarterModel = (typeof starterModels)[number]

/** Folder of a shipped bundle; a checkout has the sources beside it, the package compiled files in dist/. */
export function artefactFolder(name: StarterModel | 'policy'): string {
  const near = fileURLToPath(new URL(`../../models/artefacts/${name}`, import.meta.url))
  return existsSync(near)
    ? near
    : fileURLToPath(new URL(`../../../models/artefacts/${name}`, import.meta.url))
}

/**
 * @param name `telco`, `subscription`, or a folder
 * @throws HoldfastError model_missing | model_corrupt | model_version
 */
export function openBundleNamed(name: string): Promise<ChurnBundle> {
  return readChurnBundle(modelFolder(name))
}

/** Folder of a model by its name on the command line. */
export function modelFolder(name: string): string {
  const starter = starterModels.find((known) => known === name)
  return starter === undefined ? name : artefactFolder(starter)
}

export function openPolicy(): Promise<PolicyBundle> {
  return readPolicyBundle(artefactFolder('policy'))
}
