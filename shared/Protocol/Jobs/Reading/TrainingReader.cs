namespace DistMtl.Protocol.Jobs.Reading;

/// <summary>Reads <c>training:</c>.</summary>
internal static class TrainingReader
{
    /// <param name="strategy">Of the weighting.</param>
    public static TrainingSettings Read(Section section, DataSettings? data, IReadOnlyList<TaskSettings> tasks, MetricSettings metrics, string strategy)
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
            Folds = section.Whole("folds", NumberRange.Between(2, ValidationFold.MaxFolds)),
            ParameterServers = ParameterServersReader.Read(section, strategy),
            Accumulate = section.Whole("accumulate", TrainingSettings.DefaultAccumulate, NumberRange.AtLeast(1)),
        };
        if (data is not null && training.BatchSize < data.Shards)
            section.Report("batchSize", $"batchSize must be at least the number of shards, {data.Shards}, but is '{training.BatchSize}'");
        else if (data is not null && training.Accumulate > training.BatchSize / data.Shards)
            section.Report("accumulate", $"accumulate must be at most batchSize / data.shards, {training.BatchSize / data.Shards}, but is '{training.Accumulate}': more portions than rows");
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
