using CsCheck;
using DistMtl.Protocol.Jobs;
using DistMtl.Protocol.Runs;

namespace DistMtl.Protocol.Tests.Jobs;

/// <summary>Jobs that a job file can say: keys that do not belong to a kind have their defaults.</summary>
internal static class RandomJob
{
    private static readonly Gen<string> Word = Gen.OneOf("a", "null", "-1", "yes", "1.5", "~", " x ", "#", "a: b", "ü\n\"", "*", "{", "[", "'");
    private static readonly Gen<int> Small = Gen.Int[1, 100];
    private static readonly Gen<double> Unit = Gen.Double[0.001, 0.999];
    private static readonly Gen<IReadOnlyList<int>> Layers = Small.Array[1, 3].Select(layers => (IReadOnlyList<int>)layers);

    public static Gen<JobFile> Any { get; } =
        from features in Features
        from tasks in Tasks
        from data in Data
        from model in Model
        from weighting in Weighting([.. tasks.Select(task => task.Name)])
        from optimizer in Optimizer
        from training in Training(tasks, optimizer.Kind)
        from steps in Steps
        from embeddings in Embeddings
        from servers in Servers
        from seed in Gen.ULong
        from metrics in Metrics
        from search in Gen.Null(Search(tasks))
        select new JobFile("random", seed, data, features, tasks, model, weighting, optimizer, training with
        {
            // A strategy that rewrites rows allows no other.
            ParameterServers = RewritesRows(weighting) ? ParameterServerSettings.Default : servers,
            Mode = RewritesRows(weighting) ? TrainingMode.Synchronous : steps.Mode,
            Staleness = RewritesRows(weighting) ? TrainingSettings.DefaultStaleness : steps.Staleness,
            LocalSteps = steps.LocalSteps,
            BackupShards = steps is { Mode: TrainingMode.Synchronous, LocalSteps: 1 } ? training.BackupShards : 0,
            Outer = steps.Outer,
        })
        {
            Metrics = metrics,
            Search = search,
            Embeddings = RewritesRows(weighting) || steps.LocalSteps > 1 ? new EmbeddingSettings(EmbeddingStorage.Dense) : embeddings,
        };

    private static Gen<(TrainingMode Mode, int Staleness, int LocalSteps, OuterSettings Outer)> Steps =>
        from mode in Gen.Enum<TrainingMode>()
        from staleness in Gen.Int[0, 9]
        from local in Gen.Int[1, 5]
        from outer in Unit.Array[2]
        select mode switch
        {
            TrainingMode.StaleSynchronous => (mode, staleness, TrainingSettings.DefaultLocalSteps, OuterSettings.Default),
            TrainingMode.Synchronous when local > 1 => (mode, TrainingSettings.DefaultStaleness, local, new OuterSettings(outer[0], outer[1])),
            _ => (mode, TrainingSettings.DefaultStaleness, TrainingSettings.DefaultLocalSteps, OuterSettings.Default),
        };

    private static bool RewritesRows(WeightingSettings weighting) => TestJob.Weightings.Any(known => known.Name == weighting.Strategy && known.RewritesRows);

    private static Gen<ParameterServerSettings> Servers => Gen.Select(
        Gen.Int[1, ParameterServerSettings.MaxCount], Gen.Enum<ServerPlacement>(), (count, placement) => new ParameterServerSettings(count, placement));

    private static Gen<EmbeddingSettings> Embeddings =>
        from storage in Gen.Enum<EmbeddingStorage>()
        from kind in Gen.Nullable(Gen.Enum<RowOptimizerKind>())
        from rate in Gen.Nullable(Unit)
        from admission in Gen.Int[1, EmbeddingSettings.MaxAdmission]
        from expiry in Gen.Nullable(Small)
        select storage == EmbeddingStorage.Dense ? new EmbeddingSettings(storage) : new EmbeddingSettings(storage)
        {
            Optimizer = kind is { } known ? new RowOptimizerSettings(known, rate) : null,
            Admission = admission,
            Expiry = expiry,
        };

    private static Gen<SearchSettings> Search(IReadOnlyList<TaskSettings> tasks) =>
        from method in Gen.Enum<SearchMethod>()
        from trials in Small
        from weight in Unit
        from seed in Gen.ULong
        from scale in Gen.Enum<SearchScale>()
        from low in Unit
        from whole in Small
        from choices in Word.HashSet[1, 4]
        select new SearchSettings(method, trials, tasks.ToDictionary(MetricOf, _ => weight), seed,
        [
            new SearchParameter("optimizer.learningRate", low, low + weight, scale, SearchKind.Real, []),
            new SearchParameter("model.experts", whole, whole + trials, scale, SearchKind.Whole, []),
            new SearchParameter("features[0].column", 0, 0, SearchScale.Linear, SearchKind.Real, [.. choices]),
        ]);

    private static Gen<DataSettings> Data =>
        from format in Gen.Enum<DataFormat>()
        from path in Word
        from fraction in Gen.Nullable(Unit)
        from columns in Word.HashSet[1, 4]
        from missing in Word.Array[0, 3]
        from shards in Small
        from shardBy in Gen.Null(Word)
        from key in Word.Array[0, 2]
        from rate in Unit
        from groupBy in Gen.Null(Word)
        from weight in Gen.Null(Word)
        from domain in Gen.Bool
        from generate in Gen.Bool
        select new DataSettings(
            format, $"/d/{path.Replace('*', '+')}", Validation(fraction, shards), shardBy is null ? null : "/t",
            format == DataFormat.Parquet ? null : [.. columns], missing, shards, shardBy, key, rate,
            generate ? new GenerateSettings("ecommerce", shards, 3) : null)
        {
            GroupBy = groupBy,
            Weight = weight,
            // A word that no label is.
            Domain = domain ? "where: from" : null,
        };

    private static ValidationSettings Validation(double? fraction, int number) => fraction is not null ? new(fraction, null)
        : number < 50 ? new(null, "/v.csv")
        : new(null, null) { Fold = new ValidationFold(number / 2, number) };

    private static Gen<IReadOnlyList<FeatureSettings>> Features => Gen.Int[0, 13].Array[1, 4]
        .SelectMany(kinds => Small.Select(Word, (n, word) => (IReadOnlyList<FeatureSettings>)
            [Table(n), .. kinds.Select((kind, i) => Feature($"f.{i}", $"c{word}", kind, n))]));

    private static Gen<IReadOnlyList<TaskSettings>> Tasks =>
        from kinds in Gen.Enum<TaskKind>().Array[1, 3]
        from label in Word
        from missing in Word.Array[0, 2]
        from positive in Gen.OneOf(null, "Never married", "1")
        from loss in Gen.Int[0, 3]
        from numbers in Unit.Array[4]
        from rate in Gen.Nullable(Unit)
        select (IReadOnlyList<TaskSettings>)[.. kinds.Select((kind, i) => new TaskSettings($"t{i}", kind, label, kind is TaskKind.Binary or TaskKind.Retrieval ? positive : null, missing)
        {
            Loss = Loss(kind, loss, numbers),
            LearningRate = rate,
            Retrieval = kind == TaskKind.Retrieval
                ? new RetrievalSettings("table", loss % 2 == 0 ? ["table"] : [], numbers[0], (SamplingCorrection)(loss % 2))
                : null,
            After = [.. Enumerable.Range(0, i).Where(before => (before + i) % 2 == 1).Select(before => $"t{before}")],
        })];

    private static Gen<ModelSettings> Model =>
        from architecture in Gen.Enum<Architecture>().Where(architecture => !NeedsMore.Contains(architecture))
        from trunk in Layers
        from tower in Layers
        from small in Small
        from power in Gen.Int[1, 8]
        from unit in Unit
        select ModelOf(architecture, trunk, tower, architecture == Architecture.DselectK ? 1 << power : small, unit);

    /// <summary>Architectures that ask something of the rest of the job; they have tests of their own.</summary>
    private static readonly Architecture[] NeedsMore = [Architecture.Esmm, Architecture.Aitm, Architecture.Star, Architecture.SharedDomain];

    private static ModelSettings ModelOf(Architecture architecture, IReadOnlyList<int> trunk, IReadOnlyList<int> tower, int experts, double unit)
    {
        var keys = ModelKeys.Of(architecture);
        return new ModelSettings(
            architecture,
            keys.Contains(ModelKeys.Experts) ? experts : ModelSettings.DefaultExperts,
            keys.Contains(ModelKeys.Expert) ? trunk : ModelSettings.DefaultExpert,
            keys.Contains(ModelKeys.Bottom) ? trunk : ModelSettings.DefaultBottom,
            tower,
            unit)
        {
            TaskExperts = keys.Contains(ModelKeys.TaskExperts) ? experts : ModelSettings.DefaultTaskExperts,
            Levels = keys.Contains(ModelKeys.Levels) ? tower.Count : ModelSettings.DefaultLevels,
            Selected = keys.Contains(ModelKeys.Selected) ? experts / 2 : ModelSettings.DefaultSelected,
            SmoothStep = keys.Contains(ModelKeys.SmoothStep) ? unit : ModelSettings.DefaultSmoothStep,
        };
    }

    private static Gen<OptimizerSettings> Optimizer =>
        from kind in Gen.Enum<OptimizerKind>()
        from rate in Unit
        from tiny in Gen.Double[1e-12, 1e-3]
        from schedule in Schedule
        from clip in Gen.Nullable(Unit)
        from groups in Group.Array[0, 3]
        select new OptimizerSettings(
            kind, rate, tiny,
            kind is OptimizerKind.Adam or OptimizerKind.AdamW ? rate : OptimizerSettings.DefaultBeta1,
            kind is OptimizerKind.Adam or OptimizerKind.AdamW ? rate : OptimizerSettings.DefaultBeta2,
            kind is OptimizerKind.Sgd ? OptimizerSettings.DefaultEpsilon : tiny,
            kind is OptimizerKind.Sgd ? rate : 0)
        {
            Schedule = schedule,
            ClipNorm = clip,
            Groups = groups,
        };

    private static Gen<ScheduleSettings> Schedule =>
        from kind in Gen.Enum<ScheduleKind>()
        from warmup in Gen.OneOf(Unit, Small.Select(steps => (double)steps))
        from number in Unit
        from every in Small
        from epochs in Gen.Bool
        select kind switch
        {
            ScheduleKind.Constant => new ScheduleSettings(kind) { Warmup = warmup },
            ScheduleKind.Step => new ScheduleSettings(kind) { Warmup = warmup, Gamma = number, EveryEpochs = epochs ? every : null, EverySteps = epochs ? null : every },
            _ => new ScheduleSettings(kind) { Warmup = warmup, Minimum = number },
        };

    private static Gen<ParameterGroup> Group =>
        from match in Word
        from rate in Unit
        from has in Gen.Int[1, 3]
        select new ParameterGroup(match, (has & 1) == 0 ? null : rate, (has & 2) == 0 ? null : rate);

    private static Gen<WeightingSettings> Weighting(IReadOnlyList<string> tasks) =>
        from description in Gen.OneOf([.. TestJob.Weightings])
        from scale in Gen.Enum<WeightingScale>()
        from scope in Gen.Enum<WeightingScope>()
        from number in Gen.Double[0.1, 1e20]
        select new WeightingSettings(
            description.Name, scale,
            description.Options.ToDictionary(option => option.Key, _ => -number),
            description.TakesWeights ? tasks.ToDictionary(task => task, _ => number) : [])
        {
            Scope = scope,
            Words = description.Words.Select(option => (option.Key, Word: option.Value[^1])).Concat(description.TaskWords.Select(key => (Key: key, Word: tasks[^1])))
                .ToDictionary(option => option.Key, option => option.Word),
            Minimum = description.TakesMinimum ? new Dictionary<string, double> { [tasks[0]] = 1 / (1 + number) } : [],
        };

    private static Gen<MetricSettings> Metrics =>
        from at in Small.HashSet[1, 3]
        from threshold in Unit
        from buckets in Small
        select new MetricSettings([.. at.Order()], threshold, 1 + buckets);

    private static Gen<TrainingSettings> Training(IReadOnlyList<TaskSettings> tasks, OptimizerKind optimizer) =>
        from numbers in Small.Array[4]
        from every in Gen.Nullable(Small)
        from device in Gen.Enum<DeviceKind>()
        from seconds in Unit
        from compression in Compression(optimizer)
        select new TrainingSettings(
            numbers[0], 200 + numbers[1], every, every, every,
            every is null ? null : new EarlyStoppingSettings(tasks.ToDictionary(MetricOf, _ => seconds), numbers[2]), device, seconds)
        {
            Accumulate = 1 + numbers[3] % 2,
            CheckpointsKept = 1 + numbers[3] % 4,
            Compression = compression,
            BackupShards = compression.Kind == CompressionKind.None ? numbers[2] % 3 : 0,
        };

    private static Gen<CompressionSettings> Compression(OptimizerKind optimizer) =>
        from kind in Gen.Enum<CompressionKind>()
        from small in Small
        from unit in Unit
        from set in Gen.Bool
        select kind switch
        {
            CompressionKind.Int8 => new CompressionSettings(kind) { Block = 15 + small, ErrorFeedback = set },
            CompressionKind.TopK => new CompressionSettings(kind)
            {
                Ratio = unit,
                Momentum = set && optimizer == OptimizerKind.Sgd ? unit : null,
                ClipNorm = set ? small : null,
                WarmupEpochs = set ? small : 0,
                WarmupSteps = set ? 0 : small,
            },
            CompressionKind.PowerSgd => new CompressionSettings(kind) { Rank = 1 + small % CompressionSettings.MaxRank },
            _ => new CompressionSettings(kind),
        };

    private static LossSettings Loss(TaskKind task, int variant, double[] numbers)
    {
        var kinds = LossSettings.KindsOf(task);
        var loss = new LossSettings(kinds[variant % kinds.Count]) { LabelSmoothing = task is TaskKind.Regression or TaskKind.Retrieval ? 0 : numbers[0] };
        if (task == TaskKind.Binary)
            loss = loss with { PositiveWeight = variant < 2 ? null : numbers[1] };
        return loss.Kind switch
        {
            LossKind.Focal => loss with { Gamma = numbers[2], Alpha = task == TaskKind.Binary ? numbers[3] : null },
            LossKind.Huber => loss with { Delta = numbers[2] },
            _ => loss,
        };
    }

    private static string MetricOf(TaskSettings task) => $"{task.Name}.{MetricNames.Primary(task.Kind)}";

    private static FeatureSettings Table(int n) => Feature("table", "c", 1, n);

    private static FeatureSettings Feature(string name, string column, int variant, int n)
    {
        var plain = new FeatureSettings(
            name, FeatureKind.Numeric, column, FeatureSettings.DefaultDim, null, FeatureSettings.DefaultMinCount,
            NumericTransform.None, FeatureSettings.DefaultSeparator, FeatureSettings.DefaultMaxLength, null, EncoderKind.Mean, 0);
        return variant switch
        {
            0 => plain with { Transform = NumericTransform.Log1p },
            1 => plain with { Kind = FeatureKind.Categorical, Dim = n, MinCount = n },
            2 => plain with { Kind = FeatureKind.Categorical, Dim = n, Buckets = n + 1 },
            3 => plain with { Kind = FeatureKind.Sequence, Separator = " ", MaxLength = n, Embedding = "table" },
            4 => plain with { Kind = FeatureKind.Sequence, MaxLength = n, Dim = n, Buckets = n + 1 },
            5 => plain with { Kind = FeatureKind.Vector, Width = n },
            6 => Sequence(EncoderKind.Gru, new EncoderSettings { Hidden = n, Layers = 2, Dropout = 0.25 }),
            7 => Sequence(EncoderKind.Lstm, new EncoderSettings { Hidden = n }),
            8 => Sequence(EncoderKind.Din, new EncoderSettings { Hidden = n, Target = "table" }),
            9 => Sequence(EncoderKind.Transformer, new EncoderSettings { Hidden = 2 * n, Heads = 2, Norm = NormPlace.Post }),
            10 => Text(EncoderKind.Cnn, new EncoderSettings { Windows = [2, n + 2], Filters = n }) with { MinCount = n },
            11 => Text(EncoderKind.Transformer, new EncoderSettings { Pooling = Pooling.Cls }) with
            {
                Text = new TextSettings(TokenizerKind.Bert, LowerCase: false) { Vocabulary = "/d/vocab.txt" },
                Pretrained = new PretrainedSettings("/d/a.safetensors", column, "/d/keys.txt", Freeze: true),
            },
            12 => Text(EncoderKind.Bert, new EncoderSettings
            {
                Path = "/d/bert",
                Pooling = Pooling.Cls,
                Train = FineTuning.Adapters,
                LearningRate = 1.0 / n,
                Rank = n,
                Alpha = n,
            }) with
            {
                Text = new TextSettings(TokenizerKind.Bert, LowerCase: true) { Vocabulary = "/d/bert/vocab.txt" },
            },
            _ => plain with
            {
                Kind = FeatureKind.Categorical,
                Pretrained = new PretrainedSettings("/d/a.safetensors", column, "/d/keys.txt", Freeze: false) { LearningRate = 1.0 / n },
            },
        };

        FeatureSettings Sequence(EncoderKind kind, EncoderSettings shape) =>
            plain with { Kind = FeatureKind.Sequence, Embedding = "table", Encoder = kind, EncoderShape = shape };

        FeatureSettings Text(EncoderKind kind, EncoderSettings shape) => plain with
        {
            Kind = FeatureKind.Text,
            Dim = FeatureSettings.DefaultTextDim,
            MaxLength = n + 2,
            Encoder = kind,
            EncoderShape = shape,
            Text = new TextSettings(TokenizerKind.Words, LowerCase: true) { MaxVocabulary = n },
        };
    }
}
