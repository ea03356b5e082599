using DistMtl.Protocol.Jobs;

namespace DistMtl.Protocol.Tests.Jobs;

public sealed class JobVariantTests
{
    private static readonly JobFile Job = TestJob.Valid(TestJob.Text, "model.experts=6", "model.tower=[24]", "weighting.strategy=dwa", "weighting.temperature=3");

    [Fact]
    public void Without_overrides_it_is_the_job() => Assert.Equal(JobFileWriter.Write(Job), JobFileWriter.Write(Variant()));

    [Fact]
    public void Another_architecture_leaves_out_keys_that_are_not_its_own()
    {
        var model = Variant("model.architecture=shared-bottom").Model;

        Assert.Equal(Architecture.SharedBottom, model.Architecture);
        Assert.Equal([24], model.Tower);
        Assert.Equal(ModelSettings.DefaultBottom, model.Bottom);
        Assert.Equal(ModelSettings.DefaultExperts, model.Experts);
    }

    [Fact]
    public void Another_strategy_begins_with_its_own_defaults()
    {
        var weighting = Variant("weighting.strategy=cagrad", "weighting.c=0.3").Weighting;

        Assert.Equal(new Dictionary<string, double> { ["c"] = 0.3, ["iterations"] = 100 }, weighting.Options);
        Assert.Equal(3, Variant("weighting.strategy=dwa").Weighting.Options["temperature"]);
    }

    [Fact]
    public void Another_strategy_keeps_the_scope() =>
        Assert.Equal(WeightingScope.Trunk, JobVariant.Read(
            Job with { Weighting = Job.Weighting with { Scope = WeightingScope.Trunk } }, ["weighting.strategy=cagrad"], "variant", TestJob.Weightings).Job!.Weighting.Scope);

    [Fact]
    public void Another_optimizer_leaves_out_keys_that_are_not_its_own() =>
        Assert.Equal(OptimizerKind.Sgd, Variant("optimizer.kind=sgd").Optimizer.Kind);

    [Fact]
    public void An_override_that_does_not_belong_to_what_was_chosen_has_no_effect() => Assert.Equal(
        JobFileWriter.Write(Variant("model.architecture=shared-bottom")),
        JobFileWriter.Write(Variant("model.architecture=shared-bottom", "model.experts=9")));

    [Theory]
    [InlineData("model.architecture=ple2", "--set model.architecture: architecture must be one of")]
    [InlineData("weighting.strategy=pcgard", "--set weighting.strategy: strategy must be one of")]
    [InlineData("weighting.strategy=static", "the key 'weights' is missing in weighting")]
    [InlineData("model.experst=3", "--set model.experst: unknown key 'experst'; did you mean 'experts'?")]
    [InlineData("model.experts=0", "--set model.experts: experts must be from 1 to 256, but is '0'")]
    public void What_cannot_be_is_a_problem(string assignment, string problem)
    {
        var reading = JobVariant.Read(Job, [assignment], "variant", TestJob.Weightings);

        Assert.Null(reading.Job);
        Assert.Contains(problem, Assert.Single(reading.Problems).ToString(), StringComparison.Ordinal);
    }

    private static JobFile Variant(params string[] overrides)
    {
        var reading = JobVariant.Read(Job, overrides, "variant", TestJob.Weightings);
        Assert.Empty(reading.Problems);
        return reading.Job!;
    }
}
