import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a,b,c}from"./chunk-KD4RB5GI.js";import"./chunk-PD4SITKF.js";import"./chunk-JO6M2EVI.js";export{a as default,b as leftOut,c as scoreWorker};
