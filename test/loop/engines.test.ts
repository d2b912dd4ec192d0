import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openEngines } from '../../src/loop/engines.ts'
import { artefactFolder } from '../../src/loop/models.ts'

const today = 20_600

describe('the engines of a process', () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'holdfast-engines-'))
  const engines = openEngines({ threads: 1, dataFolder })
  afterAll(async () => {
    await engines.close()
    rmSync(dataFolder, { recursive: true })
  })

  it('open each model once, shipped or trained here', async () => {
    const [telco, again] = await Promise.all([engines.get('shipped:telco'), engines.get('shipped:telco')])
    expect(again).toBe(telco)
    mkdirSync(join(dataFolder, 'models'))
    cpSync(artefactFolder('telco'), join(dataFolder, 'models', telco.churn.hash), { recursive: true })
    const own = await engines.get(`models/${telco.churn.hash}`)
    expect(own.churn.hash).toBe(telco.churn.hash)
    const features = [{ tenureMonths: 3 }]
    const [[one], [other]] = await Promise.all([
      telco.scoreFeatures({ features, today }),
      own.scoreFeatures({ features, today }),
    ])
    expect(other.probability).toBe(one.probability)
  })

  it('say which model is missing or damaged, and try again once it was put back', async () => {
    await expect(engines.get('models/none')).rejects.toMatchObject({ code: 'model_missing' })
    for (const place of ['shipped:other', '../models/x', 'models/../../etc', '/etc'])
      await expect(engines.get(place)).rejects.toMatchObject({ code: 'model_missing' })
    const folder = join(dataFolder, 'models', 'mine')
    cpSync(artefactFolder('telco'), folder, { recursive: true })
    writeFileSync(join(folder, 'model.onnx'), 'half of a mod')
    await expect(engines.get('models/mine')).rejects.toMatchObject({ code: 'model_corrupt' })
    cpSync(artefactFolder('telco'), folder, { recursive: true })
    expect((await engines.get('models/mine')).churn.name).toBe('telco')
  })
})
