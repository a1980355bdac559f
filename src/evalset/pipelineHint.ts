/** What to write of what Hugging Face's pipelines give, a list of such objects an image. */
export const pipelineHint =
  'Of a list of {label, score} write the first, beside the image: {"image": path, "prediction": result[0]["label"], "confidence": result[0]["score"]}';
