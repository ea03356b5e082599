using System.Globalization;
using System.Text;
using DistMtl.Protocol.Jobs.Reading;

namespace DistMtl.Protocol.Jobs;

/// <summary>
/// The canonical text of a job: every key that applies, defaults filled in, paths absolute. It lies in the run folder,
/// travels to the workers, and <see cref="JobFileReader.Parse"/> reads the same job from it.
/// </summary>
public static class JobFileWriter
{
    public static string Write(JobFile job)
    {
        var yaml = new StringBuilder();
        yaml.Append(CultureInfo.InvariantCulture, $"name: {YamlText.Of(job.Name)}\nseed: {job.Seed}\ndata:\n");
        foreach (var (key, value) in Data(job.Data).Entries)
            yaml.Append(CultureInfo.InvariantCulture, $"  {key}: {value}\n");
        yaml.Append("features:\n");
        foreach (var feature in job.Features)
            yaml.Append(CultureInfo.InvariantCulture, $"  - {Feature(feature)}\n");
        yaml.Append("tasks:\n");
        foreach (var task in job.Tasks)
            yaml.Append(CultureInfo.InvariantCulture, $"  - {Task(task)}\n");
        yaml.Append(CultureInfo.InvariantCulture, $"model: {Model(job.Model)}\n");
        yaml.Append(CultureInfo.InvariantCulture, $"weighting: {Weighting(job.Weighting)}\n");
        yaml.Append(CultureInfo.InvariantCulture, $"optimizer: {Optimizer(job.Optimizer)}\n");
        if (job.Embeddings != EmbeddingSettings.Default)
            yaml.Append(CultureInfo.InvariantCulture, $"embeddings: {Embeddings(job.Embeddings)}\n");
        yaml.Append(CultureInfo.InvariantCulture, $"metrics: {Metrics(job.Metrics)}\n");
        yaml.Append("training:\n");
        foreach (var (key, value) in Training(job.Training).Entries)
            yaml.Append(CultureInfo.InvariantCulture, $"  {key}: {value}\n");
        if (job.Search is { } search)
        {
            yaml.Append("search:\n");
            foreach (var (key, value) in Search(search).Entries)
                yaml.Append(CultureInfo.InvariantCulture, $"  {key}: {value}\n");
        }
        return yaml.ToString();
    }

    private static FlowMap Data(DataSettings data) => new FlowMap()
        .Add("format", data.Format)
        .Add("train", data.Train)
        .Add("validation", data.Validation is { } validation
            ? new FlowMap()
                .Add("fraction", validation.Fraction)
                .Add("path", validation.Path)
                .Add("fold", validation.Fold?.Number)
                .Add("of", validation.Fold?.Of)
            : null)
        .Add("test", data.Test)
        .Add("columns", data.Columns)
        .Add("missing", data.Missing)
        .Add("shards", data.Shards)
        .Add("shardBy", data.ShardBy)
        .Add("key", data.Key.Count > 0 ? data.Key : null)
        .Add("groupBy", data.GroupBy)
        .Add("weight", data.Weight)
        .Add("domain", data.Domain)
        .Add("maxBadRows", data.MaxBadRows)
        .Add("generate", data.Generate is { } generate
            ? new FlowMap().Add("dataset", generate.Dataset).Add("rows", generate.Rows).Add("seed", generate.Seed)
            : null);

    private static FlowMap Feature(FeatureSettings feature)
    {
        var map = new FlowMap().Add("name", feature.Name).Add("kind", feature.Kind).Add("column", feature.Column);
        if (feature.Kind is FeatureKind.Numeric)
            map.Add("transform", feature.Transform);
        if (feature.Kind is FeatureKind.Sequence or FeatureKind.Vector)
            map.Add("separator", feature.Separator);
        if (feature.Kind is FeatureKind.Vector)
            map.Add("width", feature.Width);
        if (feature.Text is { } text)
            map.Add("tokenizer", text.Tokenizer).Add("vocabulary", text.Vocabulary).Add("maxVocabulary", text.MaxVocabulary).Add("lowerCase", text.LowerCase);
        if (feature.HasSequence)
        {
            map.Add("maxLength", feature.MaxLength).Add("embedding", feature.Embedding);
            _ = feature.EncoderShape is { } shape ? map.Add("encoder", Encoder(feature, shape)) : map.Add("encoder", feature.Encoder);
        }
        if (feature.HasTable && feature.Encoder != EncoderKind.Bert)
            map.Add("dim", feature.Dim).Add("buckets", feature.Buckets);
        if (feature.HasTable && feature.Buckets is null && feature.Text?.Tokenizer != TokenizerKind.Bert)
            map.Add("minCount", feature.MinCount);
        if (feature.Pretrained is { } pretrained)
            map.Add("pretrained", Pretrained(pretrained));
        return map;
    }

    private static FlowMap Encoder(FeatureSettings feature, EncoderSettings shape)
    {
        var map = new FlowMap().Add("kind", feature.Encoder);
        foreach (var key in EncoderKeys.Of(feature.Encoder, feature.Kind))
        {
            _ = key switch
            {
                EncoderKeys.Hidden => map.Add(key, shape.Hidden),
                EncoderKeys.Layers => map.Add(key, shape.Layers),
                EncoderKeys.Heads => map.Add(key, shape.Heads),
                EncoderKeys.Norm => map.Add(key, shape.Norm),
                EncoderKeys.Pooling => map.Add(key, shape.Pooling),
                EncoderKeys.Target => map.Add(key, shape.Target),
                EncoderKeys.Windows => map.Add(key, shape.Windows),
                EncoderKeys.Filters => map.Add(key, shape.Filters),
                EncoderKeys.Path => map.Add(key, shape.Path),
                EncoderKeys.Train => map.Add(key, shape.Train),
                EncoderKeys.LearningRate => map.Add(key, shape.LearningRate),
                EncoderKeys.Rank => map.Add(key, shape.Train == FineTuning.Adapters ? shape.Rank : null),
                EncoderKeys.Alpha => map.Add(key, shape.Train == FineTuning.Adapters ? shape.Alpha : null),
                EncoderKeys.Dropout => map.Add(key, shape.Dropout),
                _ => throw new InvalidOperationException($"no value for the key '{key}'"),
            };
        }
        return map;
    }

    private static FlowMap Pretrained(PretrainedSettings pretrained) => new FlowMap()
        .Add("file", pretrained.File)
        .Add("tensor", pretrained.Tensor)
        .Add("keys", pretrained.Keys)
        .Add("freeze", pretrained.Freeze)
        .Add("learningRate", pretrained.LearningRate);

    private static FlowMap Task(TaskSettings task)
    {
        var map = new FlowMap()
            .Add("name", task.Name)
            .Add("kind", task.Kind)
            .Add("label", task.Label)
            .Add("positive", task.Positive)
            .Add("missing", task.Missing.Count > 0 ? task.Missing : null)
            .Add("after", task.After.Count > 0 ? task.After : null)
            .Add("item", task.Retrieval?.Item)
            .Add("itemSide", task.Retrieval is { ItemSide: { Count: > 0 } itemSide } ? itemSide : null)
            .Add("temperature", task.Retrieval?.Temperature)
            .Add("correction", task.Retrieval is { } retrieval ? EnumWords.Of(retrieval.Correction) : null);
        return Loss(map, task).Add("learningRate", task.LearningRate);
    }

    private static FlowMap Loss(FlowMap map, TaskSettings task)
    {
        var loss = task.Loss;
        if (loss == LossSettings.DefaultOf(task.Kind))
            return map;
        map.Add("loss", LossSettings.NameOf(loss.Kind));
        if (loss.Kind is LossKind.Focal)
            map.Add("gamma", loss.Gamma).Add("alpha", loss.Alpha);
        if (loss.Kind is LossKind.Huber)
            map.Add("delta", loss.Delta);
        if (task.Kind is TaskKind.Binary && loss.PositiveWeight is null)
            map.Add("positiveWeight", LossReader.Balanced);
        else if (task.Kind is TaskKind.Binary)
            map.Add("positiveWeight", loss.PositiveWeight);
        return task.Kind is TaskKind.Regression ? map : map.Add("labelSmoothing", loss.LabelSmoothing);
    }

    private static FlowMap Model(ModelSettings model)
    {
        var map = new FlowMap().Add("architecture", model.Architecture);
        foreach (var key in ModelKeys.Of(model.Architecture))
        {
            _ = key switch
            {
                ModelKeys.Experts => map.Add(key, model.Experts),
                ModelKeys.Expert => map.Add(key, model.Expert),
                ModelKeys.TaskExperts => map.Add(key, model.TaskExperts),
                ModelKeys.Levels => map.Add(key, model.Levels),
                ModelKeys.Selected => map.Add(key, model.Selected),
                ModelKeys.SmoothStep => map.Add(key, model.SmoothStep),
                ModelKeys.Bottom => map.Add(key, model.Bottom),
                ModelKeys.Calibrator => map.Add(key, model.Calibrator),
                _ => throw new InvalidOperationException($"no value for the key '{key}'"),
            };
        }
        return map.Add("tower", model.Tower).Add("dropout", model.Dropout);
    }

    private static FlowMap Weighting(WeightingSettings weighting)
    {
        var map = new FlowMap().Add("strategy", weighting.Strategy).Add("scale", weighting.Scale);
        if (weighting.Scope != WeightingScope.All)
            map.Add("scope", weighting.Scope);
        foreach (var (name, value) in weighting.Options)
            map.Add(name, value);
        foreach (var (name, word) in weighting.Words)
            map.Add(name, word);
        return map
            .Add("minimum", weighting.Minimum.Count > 0 ? weighting.Minimum : null)
            .Add("weights", weighting.Weights.Count > 0 ? weighting.Weights : null);
    }

    private static FlowMap Optimizer(OptimizerSettings optimizer)
    {
        var map = new FlowMap()
            .Add("kind", optimizer.Kind)
            .Add("learningRate", optimizer.LearningRate)
            .Add("weightDecay", optimizer.WeightDecay);
        if (optimizer.Kind is OptimizerKind.Adam or OptimizerKind.AdamW)
            map.Add("beta1", optimizer.Beta1).Add("beta2", optimizer.Beta2);
        map = optimizer.Kind is OptimizerKind.Sgd
            ? map.Add("momentum", optimizer.Momentum)
            : map.Add("epsilon", optimizer.Epsilon);
        return map
            .Add("schedule", optimizer.Schedule == ScheduleSettings.Constant ? null : Schedule(optimizer.Schedule))
            .Add("clipNorm", optimizer.ClipNorm)
            .Add("groups", optimizer.Groups.Select(group => new FlowMap()
                .Add("match", group.Match)
                .Add("learningRate", group.LearningRate)
                .Add("weightDecay", group.WeightDecay)));
    }

    private static FlowMap Schedule(ScheduleSettings schedule)
    {
        var map = new FlowMap().Add("kind", schedule.Kind).Add("warmup", schedule.Warmup);
        return schedule.Kind switch
        {
            ScheduleKind.Constant => map,
            ScheduleKind.Step => map.Add("gamma", schedule.Gamma).Add("everyEpochs", schedule.EveryEpochs).Add("everySteps", schedule.EverySteps),
            _ => map.Add("minimum", schedule.Minimum),
        };
    }

    private static FlowMap Embeddings(EmbeddingSettings embeddings)
    {
        var map = new FlowMap().Add("storage", embeddings.Storage);
        return embeddings.Storage == EmbeddingStorage.Dense ? map : map
            .Add("optimizer", embeddings.Optimizer is { } optimizer
                ? new FlowMap().Add("kind", optimizer.Kind).Add("learningRate", optimizer.LearningRate)
                : null)
            .Add("admission", embeddings.Admission)
            .Add("expiry", embeddings.Expiry);
    }

    private static FlowMap Metrics(MetricSettings metrics) => new FlowMap()
        .Add("at", metrics.At)
        .Add("threshold", metrics.Threshold)
        .Add("calibrationBuckets", metrics.CalibrationBuckets);

    private static FlowMap Training(TrainingSettings training) => new FlowMap()
        .Add("epochs", training.Epochs)
        .Add("batchSize", training.BatchSize)
        .Add("accumulate", training.Accumulate == TrainingSettings.DefaultAccumulate ? null : (int?)training.Accumulate)
        .Add("parameterServers", training.ParameterServers is { } servers && servers != ParameterServerSettings.Default
            ? new FlowMap().Add("count", servers.Count).Add("placement", servers.Placement)
            : null)
        .Add("mode", training.Mode)
        .Add("staleness", training.Mode == TrainingMode.StaleSynchronous ? (int?)training.Staleness : null)
        .Add("localSteps", training.LocalSteps == TrainingSettings.DefaultLocalSteps ? null : (int?)training.LocalSteps)
        .Add("outer", training.LocalSteps == TrainingSettings.DefaultLocalSteps
            ? null
            : new FlowMap().Add("learningRate", training.Outer.LearningRate).Add("momentum", training.Outer.Momentum))
        .Add("compression", training.Compression.Kind == CompressionKind.None ? null : Compression(training.Compression))
        .Add("folds", training.Folds)
        .Add("maxSteps", training.MaxSteps)
        .Add("evaluateEvery", training.EvaluateEvery)
        .Add("checkpointEvery", training.CheckpointEvery)
        .Add("checkpointsKept", training.CheckpointsKept == TrainingSettings.DefaultCheckpointsKept ? null : (int?)training.CheckpointsKept)
        .Add("earlyStopping", training.EarlyStopping is { } stopping
            ? new FlowMap().Add("metric", stopping.Metric).Add("patience", stopping.Patience)
            : null)
        .Add("device", training.Device)
        .Add("stepTimeoutSeconds", training.StepTimeoutSeconds)
        .Add("onNonFinite", training.OnNonFinite == NonFiniteAction.Fail ? null : EnumWords.Of(training.OnNonFinite))
        .Add("backupShards", training.BackupShards == 0 ? null : (int?)training.BackupShards)
        .Add("maxSkips", training.OnNonFinite == NonFiniteAction.Skip ? (int?)training.MaxSkips : null)
        .Add("minWorkers", training.MinWorkers == TrainingSettings.DefaultMinWorkers ? null : (int?)training.MinWorkers)
        .Add("workersTimeoutSeconds", training.WorkersTimeoutSeconds == TrainingSettings.DefaultWorkersTimeoutSeconds ? null : (double?)training.WorkersTimeoutSeconds);

    private static FlowMap Compression(CompressionSettings compression)
    {
        var map = new FlowMap().Add("kind", compression.Kind);
        return compression.Kind switch
        {
            CompressionKind.Int8 => map.Add("block", compression.Block).Add("errorFeedback", compression.ErrorFeedback),
            CompressionKind.TopK => map
                .Add("ratio", compression.Ratio)
                .Add("momentum", compression.Momentum)
                .Add("clipNorm", compression.ClipNorm)
                .Add("warmupEpochs", compression.WarmupEpochs)
                .Add("warmupSteps", compression.WarmupSteps),
            CompressionKind.PowerSgd => map.Add("rank", compression.Rank),
            _ => map,
        };
    }

    private static FlowMap Search(SearchSettings search) => new FlowMap()
        .Add("method", search.Method)
        .Add("trials", search.Trials)
        .Add("metric", search.Metric)
        .Add("seed", search.Seed)
        .Add("parameters", search.Parameters.Aggregate(new FlowMap(), (map, parameter) => map.Add(YamlText.Of(parameter.Key), Parameter(parameter))));

    private static FlowMap Parameter(SearchParameter parameter) => parameter.Choices.Count > 0
        ? new FlowMap().Add("choices", parameter.Choices)
        : new FlowMap()
            .Add("low", parameter.Low)
            .Add("high", parameter.High)
            .Add("scale", parameter.Scale)
            .Add("kind", parameter.Kind);
}
