/** What the control API asks of a node's language models. */
import type {
  AddModelsRequest,
  ModelDefaults,
  ModelList,
  ModelProviderDocument,
  ModelTest
} from '../../client/models-api.ts'

export interface ModelOperations {
  list(): Promise<ModelList>
  /** @throws MODEL_PROVIDER_INVALID, MODEL_CONFIGURED */
  add(request: AddModelsRequest): Promise<ModelProviderDocument>
  /** @throws MODEL_PROVIDER_UNKNOWN, MODEL_CONFIGURED */
  remove(name: string): Promise<ModelList>
  /** @throws MODEL_UNKNOWN, MODEL_NONE, MODEL_CONFIGURED */
  setDefault(models: readonly string[]): Promise<ModelDefaults>
  /**
   * What the model fails with is part of the answer.
   *
   * @throws MODEL_UNKNOWN, MODEL_NONE
   */
  test(model: string | undefined, signal: AbortSignal): Promise<ModelTest>
}
