import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleHash, sha256 } from '../../../models/onnx/bundle-format.ts'
import type { Manifest } from '../../../models/onnx/bundle-format.ts'

/** Replaces a file and makes the checksums right again, as somebody who means harm would. */
export async function forge(dir: string, name: string, bytes: Uint8Array): Promise<void> {
  await writeFile(join(dir, name), bytes)
  await changeManifest(dir, (manifest) => {
    const file = Object.entries(manifest.files).find(([key]) => key === name)
    if (file !== undefined) Object.assign(file[1], { sha256: sha256(bytes), bytes: bytes.length })
  })
}

export async function changeManifest(dir: string, change: (manifest: Manifest) => void): Promise<void> {
  const path = join(dir, 'bundle.json')
  const { hash: _, ...manifest } = JSON.parse(await readFile(path, 'utf8')) as Manifest & { hash: string }
  change(manifest as Manifest)
  await writeFile(path, JSON.stringify({ ...manifest, hash: bundleHash(manifest as Manifest) }))
}
