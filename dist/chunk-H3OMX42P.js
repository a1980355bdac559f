import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{d as o}from"./chunk-SVOHADLM.js";import{a as r}from"./chunk-JO6M2EVI.js";function i(e){return o(e)}r(i,"run");var m={url:new URL("./joinFamilyTask.js",import.meta.url).href,run:i};export{i as a,m as b};
