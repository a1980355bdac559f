import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{leftOut,score,scoreWorker}from"./chunk-ridgeScore.js";import"./chunk-cholesky.js";import"./chunk-shared-2.js";export{score as default,leftOut,scoreWorker};
