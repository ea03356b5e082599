namespace DistMtl.Protocol.Tests.Jobs;

/// <summary>One piece of the valid job replaced, and the one problem that comes of it.</summary>
public sealed class WrongJobTests
{
    private const string Age = "  - {name: age, kind: numeric}";
    private const string Item = "{name: item, kind: categorical, dim: 4}";
    private const string History = "{name: history, kind: sequence, embedding: item}";
    private const string Click = "{name: click, kind: binary, label: clicked}";
    private const string Stars = "{name: stars, kind: regression, label: rating}";
    private const string Mmoe = "model: {architecture: mmoe}";
    private const string Equal = "weighting: {strategy: equal}";
    private const string Adam = "optimizer: {kind: adam}";
    private const string Training = "training: {epochs: 3}";

    [Theory]
    [InlineData("name: shop", "nam: shop", "1:1: the key 'name' is missing in the job file", "1:1: unknown key 'nam'; did you mean 'name'?")]
    [InlineData("name: shop", "name: my shop", "1:7: the name of a job may hold letters, digits, '-', '_' and '.', and begins with a letter or digit, but is 'my shop'")]
    [InlineData("name: shop", "name: [shop]", "1:7: name must be text, but is a list")]
    [InlineData("seed: 7", "seed: -1", "2:7: seed must be a whole number from 0 to 18446744073709551615, but is '-1'")]
    [InlineData("seed: 7", "seed: \"7\"", "2:7: seed must be a whole number from 0 to 18446744073709551615, but is the text \"7\"")]
    [InlineData("seed: 7", "name: x", "2:1: key 'name' stands twice, first in line 1")]
    [InlineData("seed: 7", "weather: fine", "2:1: unknown key 'weather'; known: name, seed, data, features, tasks, model, weighting, optimizer, embeddings, metrics, training, search")]
    [InlineData("seed: 7", "seed: !!int 7", "2:7: 'tag:yaml.org,2002:int' is a YAML tag, which a job file does not use")]
    [InlineData("seed: 7", "seed: &s 7", "2:7: '&s' is a YAML anchor, which a job file does not use")]
    [InlineData("seed: 7", "seed: *s", "2:7: '*s' would be a YAML alias, which a job file does not use; write the value out, or put text that begins with '*' in quotes")]
    [InlineData("seed: 7", "? [seed]\n: 7", "2:3: a key must be a word, not a list or a map")]
    public void At_the_top(string old, string wrong, params string[] problems) => AssertProblems(old, wrong, problems);

    [Theory]
    [InlineData("  train: train.csv", "  trian: train.csv", "3:1: the key 'train' is missing in data", "4:3: unknown key 'trian'; did you mean 'train'?")]
    [InlineData("  train: train.csv", "  train:", "4:9: train has no value; it must be text")]
    [InlineData("  train: train.csv", "  train: \"\"", "4:10: train must be a path, but is ''")]
    [InlineData("  train: train.csv", "  train: train.txt", "4:10: the name of the training file does not tell its format; add format: csv | tsv | parquet")]
    [InlineData("  train: train.csv", "  train: train.csv\n  format: cvs", "5:11: format must be one of csv, tsv, parquet, but is 'cvs'; did you mean 'csv'?")]
    [InlineData("  train: train.csv", "  train: train.parquet\n  columns: [a]", "5:3: 'columns' belongs to csv and tsv; a parquet file names its columns itself")]
    [InlineData("  train: train.csv", "  train: train.csv\n  columns: [a, b, a]", "5:3: columns names 'a' twice")]
    [InlineData("  train: train.csv", "  train: train.csv\n  columns: []", "5:3: columns must name at least one column")]
    [InlineData("  train: train.csv", "  train: train.csv\n  missing: NA", "5:12: missing must be a list, but is 'NA'")]
    [InlineData("  train: train.csv", "  train: train.csv\n  missing: [[a]]", "5:13: missing[0] must be text, but is a list")]
    [InlineData("  train: train.csv", "  train: train.csv\n  shards: 0", "5:11: shards must be from 1 to 4096, but is '0'")]
    [InlineData("  train: train.csv", "  train: train.csv\n  shards: 99999999999", "5:11: shards must be from 1 to 4096, but is '99999999999'")]
    [InlineData("  train: train.csv", "  train: train.csv\n  maxBadRows: 5%", "5:15: maxBadRows must be a number, but is '5%'")]
    [InlineData("  train: train.csv", "  train: train.csv\n  groupby: user", "5:3: unknown key 'groupby'; did you mean 'groupBy'?")]
    [InlineData("  train: train.csv", "  train: train.csv\n  weight: [a]", "5:11: weight must be text, but is a list")]
    [InlineData("  train: train.csv", "  train: train.csv\n  domain: rating", "5:11: domain reads column 'rating', the label of task 'stars'")]
    [InlineData("  train: train.csv", "  train: train.csv\n  generate: {dataset: ecomerce, rows: 10}", "5:23: dataset must be ecommerce, but is 'ecomerce'; did you mean 'ecommerce'?")]
    [InlineData("  train: train.csv", "  train: train.csv\n  generate: {dataset: ecommerce}", "5:3: the key 'rows' is missing in data.generate")]
    [InlineData("  train: train.csv", "  train: day-?.csv\n  generate: {dataset: ecommerce, rows: 10}", "4:10: generate writes one file, so train must be a path without '*' and '?'")]
    [InlineData("{fraction: 0.1}", "{fraction: 1}", "5:26: fraction must be above 0 and below 1, but is '1'")]
    [InlineData("{fraction: 0.1}", "{fraction: .inf}", "5:26: fraction must be a number, but is '.inf'")]
    [InlineData("{fraction: 0.1}", "{fraction: 0.1, path: v.csv}", "5:3: validation takes one of these: a fraction of the training rows, a path, or a fold with the number 'of' folds")]
    [InlineData("{fraction: 0.1}", "{}", "5:3: validation takes one of these: a fraction of the training rows, a path, or a fold with the number 'of' folds")]
    [InlineData("{fraction: 0.1}", "{fold: 1}", "5:3: the key 'of' is missing in data.validation")]
    [InlineData("{fraction: 0.1}", "{fraction: 0.1, of: 5}", "5:31: 'of' belongs to a fold, as in {fold: 1, of: 5}")]
    [InlineData("{fraction: 0.1}", "{fold: 6, of: 5}", "5:22: fold must be from 1 to 5, the number of folds, but is '6'")]
    [InlineData("{fraction: 0.1}", "[v.csv]", "5:15: validation must be a map, but is a list")]
    public void In_the_data(string old, string wrong, params string[] problems) => AssertProblems(old, wrong, problems);

    [Theory]
    [InlineData(Age, "  - age", "7:5: features[0] must be a map, but is 'age'")]
    [InlineData(Age, "  - {kind: numeric}", "7:5: the key 'name' is missing in features[0]")]
    [InlineData(Age, "  - {name: age}", "7:5: the key 'kind' is missing in features[0]")]
    [InlineData(Age, "  - {name: a ge, kind: numeric}", "7:12: the name of a feature may hold letters, digits, '_', '-' and '.', but is 'a ge'")]
    [InlineData(Age, "  - {name: age, kind: numerical}", "7:23: kind must be one of numeric, categorical, sequence, vector, text, but is 'numerical'; did you mean 'numeric'?")]
    [InlineData(Age, "  - {name: age, kind: numeric, width: 3}", "7:32: 'width' belongs to kind vector, but this feature's kind is numeric")]
    [InlineData(Age, "  - {name: age, kind: numeric, buckets: 9, minCount: 3}", "7:32: 'buckets' belongs to kind categorical and sequence and text, but this feature's kind is numeric", "7:44: 'minCount' belongs to kind categorical and sequence and text, but this feature's kind is numeric")]
    [InlineData(Age, "  - {name: age, kind: numeric, dim: 3}", "7:32: 'dim' belongs to kind categorical and sequence and text, but this feature's kind is numeric")]
    [InlineData(Age, "  - {name: age, kind: numeric, widht: 3}", "7:32: unknown key 'widht'; did you mean 'width'?")]
    [InlineData(Age, "  - {name: age, kind: numeric, transform: log}", "7:43: transform must be one of none, log1p, but is 'log'")]
    [InlineData(Age, "  - {name: age, kind: vector}", "7:5: the key 'width' is missing in features[0]")]
    [InlineData(Age, "  - {name: age, kind: vector, width: 2, separator: \"\"}", "7:52: separator must have at least one character")]
    [InlineData(Age, "  - {name: item, kind: numeric}", "8:12: there are two features with the name 'item'")]
    [InlineData(Age, "  - {name: clicked, kind: numeric}", "7:12: feature 'clicked' reads column 'clicked', the label of task 'click'")]
    [InlineData(Age, "  - {name: age, kind: numeric, column: rating}", "7:40: feature 'age' reads column 'rating', the label of task 'stars'")]
    [InlineData(Item, "{name: item, kind: categorical, buckets: 100, minCount: 2}", "8:61: minCount shapes a vocabulary, but with buckets the values are hashed; leave one of the two out")]
    [InlineData(Item, "{name: item, kind: categorical, dim: four}", "8:42: dim must be a whole number, but is 'four'")]
    [InlineData(Item, "{name: item, kind: categorical, dim: 4.0}", "8:42: dim must be a whole number, but is '4.0'")]
    [InlineData(Item, "{name: item, kind: categorical, transform: log1p}", "8:37: 'transform' belongs to kind numeric, but this feature's kind is categorical")]
    [InlineData(History, "{name: history, kind: sequence, embedding: itme}", "9:48: there is no feature 'itme' whose embedding could be shared; did you mean 'item'?")]
    [InlineData(History, "{name: history, kind: sequence, embedding: age}", "9:48: embedding must name a categorical feature, but the kind of 'age' is another")]
    [InlineData(History, "{name: history, kind: sequence, embedding: item, dim: 4}", "9:54: 'dim' belongs to the feature whose embedding is shared here")]
    [InlineData(History, "{name: history, kind: sequence, encoder: rnn}", "9:46: encoder must be one of mean, gru, lstm, din, transformer, cnn, bert, but is 'rnn'; did you mean 'cnn'?")]
    [InlineData(History, "{name: history, kind: sequence, encoder: {kind: gur}}", "9:53: kind must be one of mean, gru, lstm, din, transformer, cnn, bert, but is 'gur'; did you mean 'gru'?")]
    [InlineData(History, "{name: history, kind: sequence, encoder: cnn}", "9:46: a sequence feature has no encoder cnn; it has: mean, gru, lstm, din, transformer")]
    [InlineData(History, "{name: history, kind: sequence, encoder: {kind: mean, hiden: 2}}", "9:59: unknown key 'hiden'; known: kind")]
    [InlineData(History, "{name: history, kind: sequence, encoder: {kind: gru, heads: 2}}", "9:58: 'heads' does not belong to encoder gru, which has: hidden, layers, dropout")]
    [InlineData(History, "{name: history, kind: sequence, encoder: din}", "9:46: din needs a target, the categorical feature of the candidate; or share its embedding with 'embedding'")]
    [InlineData(History, "{name: history, kind: sequence, encoder: {kind: din, target: itme}}", "9:37: there is no categorical feature 'itme' that could be the target; did you mean 'item'?")]
    [InlineData(History, "{name: history, kind: sequence, dim: 8, encoder: {kind: din, target: item}}", "9:45: the target 'item' has embeddings of dim 4, the sequence of 8; they must be equal")]
    [InlineData(History, "{name: history, kind: sequence, embedding: item, encoder: {kind: transformer, heads: 3}}", "9:54: 3 heads cannot share a width of 4 evenly; heads must divide the embedding's dim")]
    [InlineData(History, "{name: history, kind: sequence, encoder: {kind: transformer, pooling: cls}}", "9:66: 'pooling' does not belong to encoder transformer, which has: hidden, layers, heads, norm, dropout")]
    [InlineData(History, "{name: history, kind: txt, encoder: {kind: cnn, windows: [2]}}", "9:27: kind must be one of numeric, categorical, sequence, vector, text, but is 'txt'; did you mean 'text'?")]
    [InlineData(History, "{name: history, kind: sequence, embedding: [item]}", "9:48: embedding must be text, but is a list")]
    [InlineData(History, "{name: history, kind: text, encoder: din}", "9:42: a text feature has no encoder din; it has: mean, gru, lstm, transformer, cnn, bert")]
    [InlineData(History, "{name: history, kind: text, encoder: {kind: transformer, pooling: cls}}", "9:33: pooling cls takes the first token, [CLS], which only tokenizer bert makes")]
    [InlineData(History, "{name: history, kind: text, encoder: {kind: cnn, windows: [2, 2]}}", "9:54: windows names one width twice")]
    [InlineData(History, "{name: history, kind: text, buckets: 9}", "9:33: 'buckets' belongs to kind categorical and sequence, but this feature's kind is text")]
    [InlineData(History, "{name: history, kind: text, tokenizer: bert}", "9:5: the key 'vocabulary' is missing in features[2]")]
    [InlineData(History, "{name: history, kind: text, vocabulary: v.txt}", "9:33: 'vocabulary' belongs to tokenizer bert; the vocabulary of words comes from the training rows")]
    [InlineData(History, "{name: history, kind: text, tokenizer: bert, vocabulary: v.txt, minCount: 2}", "9:69: 'minCount' shapes a vocabulary from the training rows, but tokenizer bert has one of its own")]
    [InlineData(History, "{name: history, kind: text, lowerCase: 1}", "9:44: lowerCase must be one of true, false, but is '1'")]
    [InlineData(History, "{name: history, kind: text, encoder: bert}", "9:42: the key 'path' is missing in features[2].encoder")]
    [InlineData(History, "{name: history, kind: text, dim: 8, encoder: {kind: bert, path: b}}", "9:33: 'dim' belongs to encoders that train an embedding table; encoder bert brings its own")]
    [InlineData(History, "{name: history, kind: text, tokenizer: words, encoder: {kind: bert, path: b}}", "9:44: encoder bert knows the tokens of tokenizer bert, not words")]
    [InlineData(History, "{name: history, kind: text, encoder: {kind: bert, path: b, rank: 4}}", "9:64: 'rank' belongs to train adapters")]
    [InlineData(History, "{name: history, kind: text, encoder: {kind: bert, path: b, learningRate: 1}}", "9:64: 'learningRate' says how fast the encoder learns, but train is frozen")]
    [InlineData(Item, "{name: item, kind: categorical, buckets: 9, pretrained: {file: f, tensor: t, keys: k}}", "8:49: pretrained rows belong to values, but with buckets the values are hashed; leave one of the two out")]
    [InlineData(Item, "{name: item, kind: categorical, dim: 4, pretrained: {file: f}}", "8:45: the key 'keys' is missing in features[1].pretrained", "8:45: the key 'tensor' is missing in features[1].pretrained")]
    [InlineData(Item, "{name: item, kind: categorical, dim: 4, pretrained: {file: f, tensor: t, keys: k, freeze: true, learningRate: 1}}", "8:101: 'learningRate' says how fast the table learns, but it is frozen")]
    [InlineData(Age, "  - {name: age, kind: numeric, pretrained: {file: f}}", "7:32: 'pretrained' belongs to kind categorical and sequence and text, but this feature's kind is numeric")]
    public void In_a_feature(string old, string wrong, params string[] problems) => AssertProblems(old, wrong, problems);

    [Theory]
    [InlineData(Click, "{name: click, kind: binary}", "11:5: the key 'label' is missing in tasks[0]")]
    [InlineData(Click, "{name: click.now, kind: binary, label: clicked}", "11:12: the name of a task may hold letters, digits, '_' and '-', but is 'click.now'")]
    [InlineData(Click, "{name: stars, kind: binary, label: clicked}", "12:12: there are two tasks with the name 'stars'")]
    [InlineData(Click, "{name: click, kind: binary, label: clicked, positive: \"\"}", "11:59: '' cannot mean both 1 and missing")]
    [InlineData(Stars, "{name: stars, kind: regression, label: rating, positive: 5}", "12:52: 'positive' belongs to kind binary and retrieval, but this task's kind is regression")]
    [InlineData(Stars, "{name: stars, kind: ranking, label: rating}", "12:25: kind must be one of binary, multiclass, regression, retrieval, but is 'ranking'")]
    [InlineData(Stars, "{name: stars, kind: regression, label: rating, after: clik}", "12:59: there is no task 'clik'; did you mean 'click'?")]
    [InlineData(Stars, "{name: stars, kind: regression, label: rating, after: stars}", "12:59: task 'stars' would come after itself")]
    [InlineData(Stars, "{name: stars, kind: regression, label: rating, after: [click, click]}", "12:52: 'after' names a task twice: click, click")]
    [InlineData(Click, "{name: click, kind: binary, label: clicked, loss: huber}", "11:55: loss must be one of logLoss, focal, but is 'huber'")]
    [InlineData(Click, "{name: click, kind: binary, label: clicked, loss: log-loss}", "11:55: loss must be one of logLoss, focal, but is 'log-loss'; did you mean 'logLoss'?")]
    [InlineData(Click, "{name: click, kind: binary, label: clicked, gamma: 2, alpha: 0.5}", "11:49: 'gamma' belongs to loss focal, but this task's loss is logLoss", "11:59: 'alpha' belongs to loss focal, but this task's loss is logLoss")]
    [InlineData(Click, "{name: click, kind: binary, label: clicked, loss: focal, gamma: -1}", "11:69: gamma must be 0 or more, but is '-1'")]
    [InlineData(Click, "{name: click, kind: binary, label: clicked, loss: focal, alpha: 1}", "11:69: alpha must be above 0 and below 1, but is '1'")]
    [InlineData(Click, "{name: click, kind: binary, label: clicked, positiveWeight: balance}", "11:65: positiveWeight must be a number or 'balanced', but is 'balance'")]
    [InlineData(Click, "{name: click, kind: binary, label: clicked, positiveWeight: 0}", "11:65: positiveWeight must be above 0, but is '0'")]
    [InlineData(Click, "{name: click, kind: binary, label: clicked, labelSmoothing: 1}", "11:65: labelSmoothing must be at least 0 and below 1, but is '1'")]
    [InlineData(Click, "{name: click, kind: binary, label: clicked, learningRate: -1}", "11:63: learningRate must be 0 or more, but is '-1'")]
    [InlineData(Click, "{name: click, kind: binary, label: clicked, delta: 1}", "11:49: 'delta' belongs to loss huber, but this task's loss is logLoss")]
    [InlineData(Click, "{name: click, kind: multiclass, label: clicked, loss: focal, alpha: 0.5}", "11:66: 'alpha' belongs to kind binary, but this task's kind is multiclass")]
    [InlineData(Stars, "{name: stars, kind: regression, label: rating, loss: focal}", "12:58: loss must be one of squared, absolute, huber, logCosh, but is 'focal'")]
    [InlineData(Stars, "{name: stars, kind: regression, label: rating, positiveWeight: 2, labelSmoothing: 0.1}", "12:52: 'positiveWeight' belongs to kind binary, but this task's kind is regression", "12:71: 'labelSmoothing' belongs to kind binary and multiclass, but this task's kind is regression")]
    [InlineData(Click, "{name: click, kind: retrieval, label: clicked}", "11:5: the key 'item' is missing in tasks[0]")]
    [InlineData(Click, "{name: click, kind: retrieval, label: clicked, item: itme}", "11:58: item must name a categorical feature, whose table holds the items' vectors, but is 'itme'; did you mean 'item'?")]
    [InlineData(Click, "{name: click, kind: retrieval, label: clicked, item: item, itemSide: [history, prize]}", "11:64: there is no feature 'prize'; known: age, item, history")]
    [InlineData(Click, "{name: click, kind: retrieval, label: clicked, item: item, itemSide: [history, age]}", "11:64: no feature is left to search by: all of them describe the item")]
    [InlineData(Click, "{name: click, kind: binary, label: clicked, temperature: 1}", "11:49: 'temperature' belongs to kind retrieval, but this task's kind is binary")]
    [InlineData(Click, "{name: click, kind: retrieval, label: clicked, item: item, loss: logLoss}", "11:70: loss must be infoNce, but is 'logLoss'")]
    public void In_a_task(string old, string wrong, params string[] problems) => AssertProblems(old, wrong, problems);

    [Theory]
    [InlineData(Mmoe, "model: {architecture: mmoe, experst: 4}", "13:29: unknown key 'experst'; did you mean 'experts'?")]
    [InlineData(Mmoe, "model: {architecture: mmoe, bottom: [4]}", "13:29: 'bottom' is no key of architecture mmoe, which has experts, expert, tower and dropout")]
    [InlineData(Mmoe, "model: {bottom: [4]}", "13:9: 'bottom' is no key of architecture mmoe, which has experts, expert, tower and dropout")]
    [InlineData(Mmoe, "model: {architecture: shared-bottom, expert: [4]}", "13:38: 'expert' is no key of architecture shared-bottom, which has bottom, tower and dropout")]
    [InlineData(Mmoe, "model: {architecture: sharedbottom, expert: [4]}", "13:23: architecture must be one of single-task, shared-bottom, mmoe, omoe, dselect-k, cgc, ple, adatt, cross-stitch, mtan, esmm, aitm, star, shared-domain, but is 'sharedbottom'; did you mean 'shared-bottom'?")]
    [InlineData(Mmoe, "model: {architecture: dselect-k, experts: 6}", "13:43: a dselect-k gate picks experts by the bits of their number, so their count must be a power of 2 from 2 on, but is '6'")]
    [InlineData(Mmoe, "model: {architecture: dselect-k, selected: 5}", "13:44: a gate cannot select 5 of 4 experts")]
    [InlineData(Mmoe, "model: {architecture: star}", "13:23: architecture star needs several domains; name the column that tells them apart in data.domain")]
    [InlineData(Mmoe, "model: {architecture: esmm}", "13:23: architecture esmm needs tasks that come after each other; add 'after: <task>' to one, as in {name: conversion, after: click}")]
    [InlineData(Mmoe, "model: {expert: []}", "13:9: expert must have at least one item")]
    [InlineData(Mmoe, "model: {tower: [16, 0]}", "13:21: tower[1] must be from 1 to 65536, but is '0'")]
    [InlineData(Mmoe, "model: {dropout: 1}", "13:18: dropout must be at least 0 and below 1, but is '1'")]
    [InlineData(Equal, "weighting: {strategy: uncertanty}", "14:23: strategy must be one of equal, static, uncertainty, dwa, cagrad, metabalance, graddrop, pareto, but is 'uncertanty'; did you mean 'uncertainty'?")]
    [InlineData(Equal, "weighting: {strategy: dwa, temprature: 1}", "14:28: unknown key 'temprature'; did you mean 'temperature'?")]
    [InlineData(Equal, "weighting: {strategy: dwa, c: 1}", "14:28: 'c' belongs to strategy cagrad, but the strategy is dwa")]
    [InlineData(Equal, "weighting: {weights: {click: 1, stars: 1}}", "14:13: 'weights' belongs to strategy static, but the strategy is equal")]
    [InlineData(Equal, "weighting: {strategy: static}", "14:1: the key 'weights' is missing in weighting")]
    [InlineData(Equal, "weighting: {strategy: static, weights: {clik: 1, stars: 1}}", "14:31: the weight of task 'click' is missing in weighting.weights", "14:41: there is no task 'clik'; did you mean 'click'?")]
    [InlineData(Equal, "weighting: {strategy: static, weights: {click: 0, stars: 0}}", "14:31: at least one weight must be above 0")]
    [InlineData(Equal, "weighting: {strategy: static, weights: {click: -1, stars: 1}}", "14:48: click must be 0 or more, but is '-1'")]
    [InlineData(Equal, "weighting: {strategy: metabalance, balance: long}", "14:45: balance must be one of both, longer, but is 'long'; did you mean 'longer'?")]
    [InlineData(Equal, "weighting: {strategy: metabalance, main: clik}", "14:42: main must be one of click, stars, but is 'clik'; did you mean 'click'?")]
    [InlineData(Equal, "weighting: {strategy: dwa, main: click}", "14:28: 'main' belongs to strategy metabalance, but the strategy is dwa")]
    [InlineData(Equal, "weighting: {minimum: {click: 0.1}}", "14:13: 'minimum' belongs to strategy pareto, but the strategy is equal")]
    [InlineData(Equal, "weighting: {strategy: pareto, minimum: {clik: 0.1}}", "14:41: there is no task 'clik'; did you mean 'click'?")]
    [InlineData(Equal, "weighting: {strategy: pareto, minimum: {click: 0.5, stars: 0.5}}", "14:31: the least weights must sum to less than 1, for all weights sum to 1")]
    [InlineData(Equal, "weighting: {scale: task}", "14:20: scale must be one of raw, tasks, but is 'task'; did you mean 'tasks'?")]
    [InlineData(Adam, "optimizer: {kind: adam, momentum: 0.9}", "15:25: 'momentum' belongs to kind sgd, but the optimizer's kind is adam")]
    [InlineData(Adam, "optimizer: {kind: sgd, beta1: 0.9}", "15:24: 'beta1' belongs to kind adam, adamw, but the optimizer's kind is sgd")]
    [InlineData(Adam, "optimizer: {learningRate: 0}", "15:27: learningRate must be above 0, but is '0'")]
    [InlineData(Adam, "optimizer: {learningRate: 1e999}", "15:27: learningRate must be a number, but is '1e999'")]
    [InlineData(Adam, "optimizer: {learningRate: NaN}", "15:27: learningRate must be a number, but is 'NaN'")]
    [InlineData(Adam, "optimizer: {learning_rate: 0.1}", "15:13: unknown key 'learning_rate'; did you mean 'learningRate'?")]
    [InlineData(Adam, "optimizer: {clipNorm: 0}", "15:23: clipNorm must be above 0, but is '0'")]
    [InlineData(Adam, "optimizer: {schedule: cosinus}", "15:23: schedule must be one of constant, cosine, linear, step, but is 'cosinus'; did you mean 'cosine'?")]
    [InlineData(Adam, "optimizer: {schedule: {kind: cosine, gamma: 0.5}}", "15:38: 'gamma' belongs to kind step, but the schedule's kind is cosine")]
    [InlineData(Adam, "optimizer: {schedule: {kind: step, minimum: 0.5, everySteps: 9}}", "15:36: 'minimum' belongs to kind cosine, linear, but the schedule's kind is step")]
    [InlineData(Adam, "optimizer: {schedule: {kind: linear, minimum: 2}}", "15:47: minimum must be from 0 to 1, but is '2'")]
    [InlineData(Adam, "optimizer: {schedule: {warmup: 2.5}}", "15:32: warmup must be a whole number of steps or, below 1, a share of all steps")]
    [InlineData(Adam, "optimizer: {schedule: step}", "15:23: a step schedule takes either everyEpochs or everySteps, as in {kind: step, everyEpochs: 1, gamma: 0.5}")]
    [InlineData(Adam, "optimizer: {schedule: {kind: step, everyEpochs: 1, everySteps: 5}}", "15:30: a step schedule takes either everyEpochs or everySteps, as in {kind: step, everyEpochs: 1, gamma: 0.5}")]
    [InlineData(Adam, "optimizer: {groups: [{learningRate: 1}]}", "15:22: the key 'match' is missing in optimizer.groups[0]")]
    [InlineData(Adam, "optimizer: {groups: [{match: embedding.*}]}", "15:22: optimizer.groups[0] changes nothing; give it a learningRate or a weightDecay")]
    [InlineData(Adam, "optimizer: {groups: [{match: embedding.*, learningRate: -1, decay: 3}]}", "15:57: learningRate must be 0 or more, but is '-1'", "15:61: unknown key 'decay'; known: match, learningRate, weightDecay")]
    [InlineData(Adam, "optimizer: {groups: []}", "15:13: optimizer.groups must have at least one item")]
    [InlineData(Training, "training: {epochs: three}", "16:20: epochs must be a whole number, but is 'three'")]
    [InlineData(Training, "training: {epochs: 0}", "16:20: epochs must be 1 or more, but is '0'")]
    [InlineData(Training, "training: {epochs: 3000000000}", "16:20: epochs must be at most 2147483647, but is '3000000000'")]
    [InlineData(Training, "training: {batchSize: 7}", "16:23: batchSize must be at least the number of shards, 8, but is '7'")]
    [InlineData(Training, "training: {folds: 1}", "16:19: folds must be from 2 to 100, but is '1'")]
    [InlineData(Training, "training: {folds: 5}", "16:19: folds validates on every part of the training rows in turn; take data.validation out")]
    [InlineData(Training, "training: {maxSkips: 3}", "16:22: maxSkips is the limit of onNonFinite: skip; take it out, or choose that")]
    [InlineData(Training, "training: {onNonFinite: skip, localSteps: 2}", "16:25: onNonFinite: skip needs workers that step together: mode synchronous, no localSteps")]
    [InlineData(Training, "training: {onNonFinite: skip, compression: topk}", "16:25: onNonFinite: skip would lose what compression has kept of the step for later; take compressions that keep nothing: none, fp16, bf16, or int8 without errorFeedback")]
    [InlineData(Training, "training: {backupShards: -1}", "16:26: backupShards must be 0 or more, but is '-1'")]
    [InlineData(Training, "training: {backupShards: 2, compression: fp16}", "16:26: backupShards needs steps that a shard can be computed for anywhere: mode synchronous, no localSteps, no compression")]
    [InlineData(Training, "training: {checkpointsKept: 0}", "16:29: checkpointsKept must be 1 or more, but is '0'")]
    [InlineData(Training, "training: {minWorkers: 0}", "16:24: minWorkers must be 1 or more, but is '0'")]
    [InlineData(Training, "training: {minWorkers: 9}", "16:24: minWorkers must be at most the number of shards, 8, but is '9': a worker without a shard has nothing to do")]
    [InlineData(Training, "training: {workersTimeoutSeconds: 0}", "16:35: workersTimeoutSeconds must be above 0, but is '0'")]
    [InlineData(Training, "training: {accumulate: 0}", "16:24: accumulate must be 1 or more, but is '0'")]
    [InlineData(Training, "training: {batchSize: 20, accumulate: 3}", "16:39: accumulate must be at most batchSize / data.shards, 2, but is '3': more portions than rows")]
    [InlineData(Training, "training: {mode: async}", "16:18: mode must be one of synchronous, staleSynchronous, asynchronous, but is 'async'")]
    [InlineData(Training, "training: {staleness: 2}", "16:23: staleness is the bound of mode: staleSynchronous; take it out, or choose that mode")]
    [InlineData(Training, "training: {mode: staleSynchronous, staleness: -1}", "16:47: staleness must be 0 or more, but is '-1'")]
    [InlineData(Training, "training: {localSteps: 0}", "16:24: localSteps must be 1 or more, but is '0'")]
    [InlineData(Training, "training: {mode: asynchronous, localSteps: 2}", "16:44: localSteps go with mode: synchronous alone: shards that wait for nobody have nothing to average")]
    [InlineData(Training, "training: {outer: {momentum: 0.5}}", "16:12: outer says how local steps become one; take it out, or set localSteps")]
    [InlineData(Training, "training: {localSteps: 2, outer: {momentum: 1}}", "16:45: momentum must be at least 0 and below 1, but is '1'")]
    [InlineData(Training, "training: {localSteps: 2, outer: {learningRate: 0}}", "16:49: learningRate must be above 0, but is '0'")]
    [InlineData(Training, "training: {compression: topk-1}", "16:25: compression must be one of none, fp16, bf16, int8, topk, powersgd, but is 'topk-1'; did you mean 'topk'?")]
    [InlineData(Training, "training: {compression: {ratio: 0.1}}", "16:12: the key 'kind' is missing in training.compression")]
    [InlineData(Training, "training: {compression: {kind: topk, ratio: 1.5}}", "16:45: ratio must be above 0 and below 1, but is '1.5'")]
    [InlineData(Training, "training: {compression: {kind: topk, momentum: 0.9}}", "16:38: 'momentum' needs the optimizer's kind sgd, whose momentum the shards take over, but it is adam")]
    [InlineData(Training, "training: {compression: {kind: topk, warmupSteps: 9, warmupEpochs: 1}}", "16:51: a warm-up takes either warmupEpochs or warmupSteps")]
    [InlineData(Training, "training: {compression: {kind: int8, rank: 2}}", "16:38: 'rank' belongs to kind powersgd, but the compression's kind is int8")]
    [InlineData(Training, "training: {compression: {kind: int8, momentum: 0.5}}", "16:38: 'momentum' belongs to kind topk, but the compression's kind is int8")]
    [InlineData(Training, "training: {compression: {kind: int8, block: 8}}", "16:45: block must be from 16 to 65536, but is '8'")]
    [InlineData(Training, "training: {compression: {kind: powersgd, rank: 0}}", "16:48: rank must be from 1 to 64, but is '0'")]
    [InlineData(Training, "training: {device: gpu}", "16:20: device must be one of auto, cpu, cuda, but is 'gpu'; did you mean 'cpu'?")]
    [InlineData(Training, "training: {earlyStopping: {patience: 1}}", "16:12: the key 'metric' is missing in training.earlyStopping")]
    [InlineData(Training, "training: {earlyStopping: {metric: {}}}", "16:28: metric must name at least one task and metric, as in {click.auc: 1}")]
    [InlineData(Training, "training: {earlyStopping: {metric: {clik.auc: 1}}}", "16:37: there is no task 'clik'; did you mean 'click'?")]
    [InlineData(Training, "training: {earlyStopping: {metric: {stars.auc: 1}}}", "16:37: a regression task has no metric 'auc'; known: rmse, mae, calibration")]
    [InlineData(Training, "training: {earlyStopping: {metric: {click.aucc: 1}}}", "16:37: a binary task has no metric 'aucc'; did you mean 'auc'?")]
    [InlineData(Training, "training: {earlyStopping: {metric: {click.gauc: 1}}}", "16:37: gauc is a metric of groups of rows; add data.groupBy, for example groupBy: user_id")]
    [InlineData(Training, "training: {earlyStopping: {metric: {click.ndcg@10: 1}}}", "16:37: ndcg@10 is a metric of groups of rows; add data.groupBy, for example groupBy: user_id")]
    [InlineData(Training, "training: {earlyStopping: {metric: {click.recall@7: 1}}}", "16:37: recall@7 is not computed: metrics.at is [5, 10]")]
    [InlineData(Training, "training: {earlyStopping: {metric: {stars.recall@10: 1}}}", "16:37: a regression task has no metric 'recall@10'; known: rmse, mae, calibration")]
    [InlineData(Equal, "weighting: {strategy: equal, scope: trnk}", "14:37: scope must be one of all, trunk, but is 'trnk'; did you mean 'trunk'?")]
    [InlineData(Equal, "weighting: {strategy: equal, skope: all}", "14:30: unknown key 'skope'; did you mean 'scope'?")]
    [InlineData(Adam, "embeddings: {storage: spars}", "15:23: storage must be one of auto, dense, sparse, but is 'spars'; did you mean 'sparse'?")]
    [InlineData(Adam, "embeddings: {storrage: dense}", "15:14: unknown key 'storrage'; did you mean 'storage'?")]
    [InlineData(Adam, "embeddings: {admission: 0}", "15:25: admission must be from 1 to 65535, but is '0'")]
    [InlineData(Adam, "embeddings: {admission: 65536}", "15:25: admission must be from 1 to 65535, but is '65536'")]
    [InlineData(Adam, "embeddings: {expiry: 0}", "15:22: expiry must be 1 or more, but is '0'")]
    [InlineData(Adam, "embeddings: {storage: dense, expiry: 9}", "15:30: 'expiry' belongs to sparse tables, but storage is dense; leave one of the two out")]
    [InlineData(Adam, "embeddings: {storage: dense, optimizer: sgd}", "15:30: 'optimizer' belongs to sparse tables, but storage is dense; leave one of the two out")]
    [InlineData(Adam, "embeddings: {optimizer: adamw}", "15:25: optimizer must be one of rowwise-adagrad, adam, sgd, adagrad, but is 'adamw'; did you mean 'adam'?")]
    [InlineData(Adam, "embeddings: {optimizer: {kind: rowwise}}", "15:32: kind must be one of rowwise-adagrad, adam, sgd, adagrad, but is 'rowwise'")]
    [InlineData(Adam, "embeddings: {optimizer: {learningRate: 0}}", "15:40: learningRate must be above 0, but is '0'")]
    [InlineData(Adam, "embeddings: {optimizer: {learnigRate: 1}}", "15:26: unknown key 'learnigRate'; did you mean 'learningRate'?")]
    [InlineData(Training, "training: {parameterServers: {count: 0}}", "16:38: count must be from 1 to 64, but is '0'")]
    [InlineData(Training, "training: {parameterServers: {count: 65}}", "16:38: count must be from 1 to 64, but is '65'")]
    [InlineData(Training, "training: {parameterServers: {placement: worker}}", "16:42: placement must be one of coordinator, workers, but is 'worker'; did you mean 'workers'?")]
    [InlineData(Training, "training: {parameterServers: {cuont: 2}}", "16:31: unknown key 'cuont'; did you mean 'count'?")]
    [InlineData(Training, "training: {parameterServers: 2}", "16:30: parameterServers must be a map, but is '2'")]
    [InlineData(Training, "training: {parameterServer: {count: 2}}", "16:12: unknown key 'parameterServer'; did you mean 'parameterServers'?")]
    [InlineData(Adam, "metrics: {at: []}", "15:11: at must have at least one item")]
    [InlineData(Adam, "metrics: {at: [5, 0]}", "15:19: at[1] must be from 1 to 10000, but is '0'")]
    [InlineData(Adam, "metrics: {at: [5, 10, 5]}", "15:11: at names 5 twice")]
    [InlineData(Adam, "metrics: {threshold: 1.5}", "15:22: threshold must be from 0 to 1, but is '1.5'")]
    [InlineData(Adam, "metrics: {calibrationBuckets: 1}", "15:31: calibrationBuckets must be from 2 to 1000, but is '1'")]
    [InlineData(Adam, "metrics: {k: 10}", "15:11: unknown key 'k'; known: at, threshold, calibrationBuckets")]
    [InlineData(Training, "training: {earlyStopping: {metric: {click.calibration: 1}}}", "16:37: calibration has no better or worse, so it cannot stop the training")]
    [InlineData(Training, "training: {earlyStopping: {metric: {auc: 1}}}", "16:37: 'auc' must be a task and a metric, as in click.auc")]
    public void In_how_to_train(string old, string wrong, params string[] problems) => AssertProblems(old, wrong, problems);

    [Theory]
    [InlineData("search: {metric: {click.auc: 1}}", "17:1: the key 'parameters' is missing in search")]
    [InlineData("search: {metric: {click.auc: 1}, parameters: {}}", "17:34: parameters must name at least one key, as in {optimizer.learningRate: {low: 0.0001, high: 0.01, scale: log}}")]
    [InlineData("search: {parameters: {model.dropout: {low: 0, high: 1}}}", "17:1: the key 'metric' is missing in search")]
    [InlineData("search: {metric: {click.auc: 1}, method: grid, parameters: {a: {low: 0, high: 1}}}", "17:42: method must be one of random, halving, swarm, but is 'grid'")]
    [InlineData("search: {metric: {click.calibration: 1}, parameters: {a: {low: 0, high: 1}}}", "17:19: calibration has no better or worse, so it cannot tell the better trial")]
    [InlineData("search: {metric: {click.auc: 1}, trials: 0, parameters: {a: {low: 0, high: 1}}}", "17:42: trials must be from 1 to 100000, but is '0'")]
    [InlineData("search: {metric: {click.auc: 1}, parameters: {a: 3}}", "17:50: a must be a map, but is '3'")]
    [InlineData("search: {metric: {click.auc: 1}, parameters: {a: {low: 0}}}", "17:47: the key 'high' is missing in search.parameters.a")]
    [InlineData("search: {metric: {click.auc: 1}, parameters: {a: {low: 2, high: 1}}}", "17:65: high must be above low, but is '1'")]
    [InlineData("search: {metric: {click.auc: 1}, parameters: {a: {low: 0, high: 1, scale: log}}}", "17:56: low must be above 0, but is '0'")]
    [InlineData("search: {metric: {click.auc: 1}, parameters: {a: {low: 0.5, high: 2, kind: whole}}}", "17:56: low must be a whole number, but is '0.5'")]
    [InlineData("search: {metric: {click.auc: 1}, parameters: {a: {choices: [x, y, x]}}}", "17:51: choices names 'x' twice")]
    [InlineData("search: {metric: {click.auc: 1}, parameters: {a: {choices: []}}}", "17:51: choices must have at least one item")]
    [InlineData("search: {metric: {click.auc: 1}, parameters: {a: {choices: [x], low: 1}}}", "17:65: 'low' belongs to a range; with choices nothing else is said")]
    [InlineData("search: {metric: {click.auc: 1}, parameters: {a..b: {choices: [x]}}}", "17:47: 'a..b' is not a key of the job; right is for example optimizer.learningRate")]
    [InlineData("search: {metric: {click.auc: 1}, parameters: {data.shards: {choices: [1]}}}", "17:47: 'data.shards' cannot be searched: trials that differ in data cannot be compared")]
    [InlineData("search: {metric: {click.auc: 1}, method: halving, parameters: {training.epochs: {choices: [1]}}}", "17:64: 'training.epochs' cannot be searched: method halving sets it")]
    public void In_a_search(string search, params string[] problems) => AssertProblems(Training, $"{Training}\n{search}", problems);

    [Theory]
    [InlineData("{count: 2}", "16:38")]
    [InlineData("{count: 2, placement: workers}", "16:38")]
    [InlineData("{placement: workers}", "16:42")]
    public void A_strategy_that_rewrites_gradients_keeps_them_on_one_server_in_the_coordinator(string servers, string place)
    {
        var yaml = TestJob.With(Equal, "weighting: {strategy: graddrop}").Replace(Training, $"training: {{parameterServers: {servers}}}", StringComparison.Ordinal);

        Assert.Equal(
            $"job.yaml:{place}: weighting strategy graddrop rewrites the tasks' gradients element by element, which one server in the coordinator alone can do; take training.parameterServers out, or choose another strategy",
            Assert.Single(TestJob.Read(yaml).Problems).ToString());
        Assert.Empty(TestJob.Read(yaml.Replace("graddrop", "dwa", StringComparison.Ordinal)).Problems);
        Assert.Empty(TestJob.Read(yaml.Replace(servers, "{count: 1, placement: coordinator}", StringComparison.Ordinal)).Problems);
    }

    [Fact]
    public void Early_stopping_and_evaluation_need_validation_rows()
    {
        var yaml = TestJob.With("  validation: {fraction: 0.1}\n", "")
            .Replace(Training, "training: {evaluateEvery: 5, earlyStopping: {metric: {click.auc: 1}}}", StringComparison.Ordinal);

        Assert.Equal(
            [
                "job.yaml:15:27: evaluateEvery needs rows to validate on; add data.validation, for example {fraction: 0.1}",
                "job.yaml:15:30: earlyStopping needs rows to validate on; add data.validation, for example {fraction: 0.1}",
            ],
            TestJob.Read(yaml).Problems.Select(problem => problem.ToString()));
    }

    [Fact]
    public void Folds_are_rows_to_validate_on()
    {
        var yaml = TestJob.With("  validation: {fraction: 0.1}\n", "")
            .Replace(Training, "training: {folds: 5, evaluateEvery: 5, earlyStopping: {metric: {click.auc: 1}}}", StringComparison.Ordinal);

        Assert.Equal(5, TestJob.Valid(yaml).Training.Folds);
    }

    [Theory]
    [InlineData("features")]
    [InlineData("tasks")]
    public void A_job_without_features_or_tasks_is_none(string key)
    {
        var yaml = $"name: a\ndata: {{train: t.csv}}\n{key}: []\n";

        Assert.Contains($"job.yaml:3:1: {key} must have at least one item", TestJob.Read(yaml).Problems.Select(problem => problem.ToString()));
    }

    [Fact]
    public void All_problems_come_at_once_in_the_order_of_the_file()
    {
        var yaml = TestJob.With("seed: 7", "sed: 7").Replace("epochs: 3", "epochs: x", StringComparison.Ordinal).Replace("dim: 4", "dim: 0", StringComparison.Ordinal);

        Assert.Equal([2, 8, 16], TestJob.Read(yaml).Problems.Select(problem => problem.Line));
    }

    private static void AssertProblems(string old, string wrong, string[] problems)
    {
        var reading = TestJob.Read(TestJob.With(old, wrong));

        Assert.Equal(problems.Select(problem => $"job.yaml:{problem}"), reading.Problems.Select(problem => problem.ToString()));
        Assert.Null(reading.Job);
    }
}
