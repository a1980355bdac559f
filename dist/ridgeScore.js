import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{marginFrom,score,scoreWorker,wovenWeights}from"./chunk-ridgeScore.js";import"./chunk-ridgeGram.js";import"./chunk-ridgeRivals.js";import"./chunk-shared-2.js";export{score as default,marginFrom,scoreWorker,wovenWeights};
