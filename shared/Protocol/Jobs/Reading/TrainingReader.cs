namespace DistMtl.Protocol.Jobs.Reading;

/// <summary>Reads <c>training:</c>.</summary>
internal static class TrainingReader
{
    /// <param name="strategy">Of the weighting.</param>
    public static TrainingSettings Read(
        Section section, DataSettings? data, IReadOnlyList<TaskSettings> tasks, MetricSettings metrics, string strategy, OptimizerSettings optimizer)
    {
        var training = new TrainingSettings(
            Epochs: section.Whole("epochs", TrainingSettings.DefaultEpochs, NumberRange.AtLeast(1)),
            BatchSize: section.Whole("batchSize", TrainingSettings.DefaultBatchSize, NumberRange.AtLeast(1)),
            MaxSteps: section.Whole("maxSteps", NumberRange.AtLeast(1)),
            EvaluateEvery: section.Whole("evaluateEvery", NumberRange.AtLeast(1)),
            CheckpointEvery: section.Whole("checkpointEvery", NumberRange.AtLeast(1)),
            EarlyStopping: ReadEarlyStopping(section, data, tasks, metrics),
            Device: section.Choice<DeviceKind>("device") ?? DeviceKind.Auto,
            StepTimeoutSeconds: section.Number("stepTimeoutSeconds", TrainingSettings.DefaultStepTimeoutSeconds, NumberRange.Positive))
        {
            CheckpointsKept = section.Whole("checkpointsKept", TrainingSettings.DefaultCheckpointsKept, NumberRange.AtLeast(1)),
            Folds = section.Whole("folds", NumberRange.Between(2, ValidationFold.MaxFolds)),
            BackupShards = section.Whole("backupShards", 0, NumberRange.AtLeast(0)),
            OnNonFinite = section.Choice<NonFiniteAction>("onNonFinite") ?? NonFiniteAction.Fail,
            MaxSkips = section.Whole("maxSkips", TrainingSettings.DefaultMaxSkips, NumberRange.AtLeast(1)),
            MinWorkers = section.Whole("minWorkers", TrainingSettings.DefaultMinWorkers, NumberRange.AtLeast(1)),
            WorkersTimeoutSeconds = section.Number("workersTimeoutSeconds", TrainingSettings.DefaultWorkersTimeoutSeconds, NumberRange.Positive),
            ParameterServers = ParameterServersReader.Read(section, strategy),
            Mode = section.Choice<TrainingMode>("mode") ?? TrainingMode.Synchronous,
            Staleness = section.Whole("staleness", TrainingSettings.DefaultStaleness, NumberRange.AtLeast(0)),
            LocalSteps = section.Whole("localSteps", TrainingSettings.DefaultLocalSteps, NumberRange.AtLeast(1)),
            Outer = ReadOuter(section),
            Accumulate = section.Whole("accumulate", TrainingSettings.DefaultAccumulate, NumberRange.AtLeast(1)),
            Compression = CompressionReader.Read(section, optimizer),
        };
        CheckModes(section, training, strategy);
        CheckSkips(section, training);
        if (data is not null && training.BatchSize < data.Shards)
            section.Report("batchSize", $"batchSize must be at least the number of shards, {data.Shards}, but is '{training.BatchSize}'");
        else if (data is not null && training.Accumulate > training.BatchSize / data.Shards)
            section.Report("accumulate", $"accumulate must be at most batchSize / data.shards, {training.BatchSize / data.Shards}, but is '{training.Accumulate}': more portions than rows");
        if (data is not null && training.MinWorkers > data.Shards)
            section.Report("minWorkers", $"minWorkers must be at most the number of shards, {data.Shards}, but is '{training.MinWorkers}': a worker without a shard has nothing to do");
        if (training.Folds is not null && data?.Validation is not null)
            section.Report("folds", "folds validates on every part of the training rows in turn; take data.validation out");
        if (data is { Validation: null } && training.Folds is null)
        {
            RefuseWithoutValidation(section, "earlyStopping");
            RefuseWithoutValidation(section, "evaluateEvery");
        }
        section.RefuseUnknownKeys();
        return training;
    }

    private static OuterSettings ReadOuter(Section training)
    {
        var section = training.MapOrDefaults("outer");
        var outer = new OuterSettings(
            section.Number("learningRate", OuterSettings.Default.LearningRate, NumberRange.Positive),
            section.Number("momentum", OuterSettings.Default.Momentum, NumberRange.BelowOne));
        section.RefuseUnknownKeys();
        return outer;
    }

    /// <summary>Left out is a whole step of all shards, whose gradients nobody has taken in yet.</summary>
    private static void CheckSkips(Section section, TrainingSettings training)
    {
        if (section.Has("maxSkips") && training.OnNonFinite != NonFiniteAction.Skip)
            section.Report("maxSkips", "maxSkips is the limit of onNonFinite: skip; take it out, or choose that");
        if (training.OnNonFinite != NonFiniteAction.Skip)
            return;
        if (training.Mode != TrainingMode.Synchronous || training.LocalSteps > 1)
            section.Report("onNonFinite", "onNonFinite: skip needs workers that step together: mode synchronous, no localSteps");
        if (training.Compression.Kind is CompressionKind.TopK or CompressionKind.PowerSgd || training.Compression is { Kind: CompressionKind.Int8, ErrorFeedback: true })
            section.Report("onNonFinite", "onNonFinite: skip would lose what compression has kept of the step for later; take compressions that keep nothing: none, fp16, bf16, or int8 without errorFeedback");
    }

    private static void CheckModes(Section section, TrainingSettings training, string strategy)
    {
        if (section.Has("staleness") && training.Mode != TrainingMode.StaleSynchronous)
            section.Report("staleness", "staleness is the bound of mode: staleSynchronous; take it out, or choose that mode");
        if (section.Has("outer") && training.LocalSteps == 1)
            section.Report("outer", "outer says how local steps become one; take it out, or set localSteps");
        if (training.Mode != TrainingMode.Synchronous && section.Scope.Weightings.Any(weighting => weighting.Name == strategy && weighting.RewritesRows))
            section.Report("mode", $"weighting strategy {strategy} rewrites the gradients of all workers together, so they must wait for each other; choose mode: synchronous, or another strategy");
        if (training.BackupShards > 0 && (training.Mode != TrainingMode.Synchronous || training.LocalSteps > 1 || training.Compression.Kind != CompressionKind.None))
            section.Report("backupShards", "backupShards needs steps that a shard can be computed for anywhere: mode synchronous, no localSteps, no compression");
        if (training.LocalSteps > 1 && training.Mode != TrainingMode.Synchronous)
            section.Report("localSteps", "localSteps go with mode: synchronous alone: shards that wait for nobody have nothing to average");
    }

    private static void RefuseWithoutValidation(Section section, string key)
    {
        if (section.Has(key))
            section.Report(key, $"{key} needs rows to validate on; add data.validation, for example {{fraction: 0.1}}");
    }

    private static EarlyStoppingSettings? ReadEarlyStopping(
        Section training, DataSettings? data, IReadOnlyList<TaskSettings> tasks, MetricSettings settings)
    {
        if (training.Map("earlyStopping") is not { } section)
            return null;
        var weights = MetricWeightsReader.Read(section, data, tasks, settings, "so it cannot stop the training");
        var patience = section.Whole("patience", EarlyStoppingSettings.DefaultPatience, NumberRange.AtLeast(1));
        section.RefuseUnknownKeys();
        return new EarlyStoppingSettings(weights, patience);
    }
}
