import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{c as a}from"./chunk-SVOHADLM.js";import{a as r}from"./chunk-JO6M2EVI.js";function t(e){return a(e)}r(t,"run");var o={url:new URL("./familyPartTask.js",import.meta.url).href,run:t};export{t as a,o as b};
