using DistMtl.Aggregation.Optimizers;
using DistMtl.Protocol;
using DistMtl.Protocol.Jobs;

namespace DistMtl.Aggregation.Tests.Optimizers;

public sealed class OptimizerTests
{
    private static OptimizerSettings Settings(OptimizerKind kind) => new(kind, 0.01, 0.1, 0.9, 0.999, 1e-8, 0.9);

    public static TheoryData<OptimizerKind> Kinds => [.. Enum.GetValues<OptimizerKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void An_elements_bits_do_not_depend_on_where_it_lies(OptimizerKind kind)
    {
        // Element 0 of length 1 takes the path of the tail; inside 37 elements, that of the vectors or the tail.
        var whole = Run(kind, 37, firstElement: 0);
        for (var i = 0; i < 37; i++)
            Assert.Equal(Run(kind, 1, firstElement: i)[0], whole[i]);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_restored_optimiser_goes_on_to_the_same_bits(OptimizerKind kind)
    {
        var (parameters, first) = (Values(50, 0, 0), Optimizer.Create(Settings(kind), 50));
        for (var step = 1; step <= 5; step++)
            first.Step(parameters, Values(50, 0, step));
        var copy = (float[])parameters.Clone();
        var second = Optimizer.Create(Settings(kind), 50);
        second.Restore(first.Steps, first.State.ToDictionary(pair => pair.Key, pair => (float[])pair.Value.Clone()));
        for (var step = 6; step <= 10; step++)
        {
            first.Step(parameters, Values(50, 0, step));
            second.Step(copy, Values(50, 0, step));
        }
        Assert.Equal(parameters, copy);
        Assert.Equal(10, second.Steps);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_gradient_of_zero_from_the_start_gives_numbers(OptimizerKind kind)
    {
        var parameters = new float[20];
        Optimizer.Create(Settings(kind), 20).Step(parameters, new float[20]);
        Assert.Equal(new float[20], parameters);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Segments_are_updated_as_by_optimisers_of_their_own(OptimizerKind kind)
    {
        var settings = Settings(kind);
        ParameterSegment[] segments = [new(0, 13, 0.02, 0), new(13, 9, 0, 0.1), new(22, 15, 0.005, 0.3)];
        var (together, optimizer) = (Values(37, 0, 0), Optimizer.Create(settings, [.. segments]));
        for (var step = 1; step <= 7; step++)
            optimizer.Step(together, Values(37, 0, step));
        foreach (var segment in segments.Where(segment => !segment.IsFrozen))
        {
            var alone = Values(segment.Length, segment.Offset, 0);
            var own = Optimizer.Create(settings with { LearningRate = segment.LearningRate, WeightDecay = segment.WeightDecay }, segment.Length);
            for (var step = 1; step <= 7; step++)
                own.Step(alone, Values(segment.Length, segment.Offset, step));
            Assert.Equal(alone, together[segment.Offset..segment.End]);
        }
        Assert.Equal(Values(9, 13, 0), together[13..22]);
        Assert.All(optimizer.State.Values, values_P => Assert.All(values_P[13..22], value => Assert.Equal(0, value)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_rate_factor_is_as_good_as_another_learning_rate(OptimizerKind kind)
    {
        var (parameters, scaled) = (Values(20, 0, 0), Values(20, 0, 0));
        var optimizer = Optimizer.Create(Settings(kind), 20);
        var halved = Optimizer.Create(Settings(kind) with { LearningRate = Settings(kind).LearningRate / 2 }, 20);
        for (var step = 1; step <= 3; step++)
        {
            optimizer.Step(parameters, Values(20, 0, step), 0.5);
            halved.Step(scaled, Values(20, 0, step));
        }
        Assert.Equal(scaled, parameters);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Ranges_in_any_order_give_the_bits_of_the_whole_step(OptimizerKind kind)
    {
        ParameterSegment[] segments = [new(0, 13, 0.02, 0), new(13, 9, 0, 0.1), new(22, 15, 0.005, 0.3)];
        var (whole, optimizer) = (Values(37, 0, 0), Optimizer.Create(Settings(kind), [.. segments]));
        var (parts, ranged) = (Values(37, 0, 0), Optimizer.Create(Settings(kind), [.. segments]));
        foreach (var step in Enumerable.Range(1, 3))
        {
            optimizer.Step(whole, Values(37, 0, step), 0.5);
            ranged.BeginStep(0.5);
            foreach (var range in new[] { 30..37, 0..5, 5..5, 17..30, 5..17 })
                ranged.StepRange(range.Start.Value, parts.AsSpan(range), Values(37, 0, step).AsSpan(range));
        }
        Assert.Equal(whole, parts);
        Assert.Equal(optimizer.State, ranged.State);
        Assert.Equal(3, ranged.Steps);
    }

    [Fact]
    public void Adam_is_made_of_plain_operations_in_float()
    {
        var (parameters, optimizer) = (Values(37, 0, 0), Optimizer.Create(Settings(OptimizerKind.Adam), 37));
        var (expected, means, squares) = (Values(37, 0, 0), new float[37], new float[37]);
        for (var step = 1; step <= 5; step++)
        {
            var gradients = Values(37, 0, step);
            optimizer.Step(parameters, gradients);
            var stepSize = (float)(0.01 / (1 - Math.Pow(0.9, step)));
            var correction = (float)Math.Sqrt(1 - Math.Pow(0.999, step));
            for (var i = 0; i < 37; i++)
            {
                var gradient = gradients[i] + 0.1f * expected[i];
                means[i] = 0.9f * means[i] + (float)(1 - 0.9) * gradient;
                squares[i] = 0.999f * squares[i] + (float)(1 - 0.999) * (gradient * gradient);
                expected[i] -= stepSize * (means[i] / (MathF.Sqrt(squares[i]) / correction + 1e-8f));
            }
        }
        Assert.Equal(expected, parameters);
    }

    [Theory]
    [InlineData(-1, 3, 3)]
    [InlineData(35, 3, 3)]
    [InlineData(0, 3, 4)]
    public void A_range_that_does_not_fit_is_refused(int offset, int parameters, int gradients) => Assert.Throws<ArgumentException>(
        () => Optimizer.Create(Settings(OptimizerKind.Adam), 37).StepRange(offset, new float[parameters], new float[gradients]));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Weight_decay_draws_a_parameter_without_gradient_to_zero(OptimizerKind kind)
    {
        float[] parameters = [2, -3];
        var optimizer = Optimizer.Create(Settings(kind), 2);
        for (var step = 0; step < 20; step++)
            optimizer.Step(parameters, [0, 0]);
        Assert.InRange(parameters[0], 0, 1.999);
        Assert.InRange(parameters[1], -2.999, 0);
    }

    [Fact]
    public void Segments_that_leave_a_gap_are_refused() =>
        Assert.Throws<ArgumentException>(() => Optimizer.Create(Settings(OptimizerKind.Adam), [new(0, 3, 1, 0), new(4, 2, 1, 0)]));

    [Theory]
    [InlineData(OptimizerKind.Adam, "exp_avg,exp_avg_sq")]
    [InlineData(OptimizerKind.AdamW, "exp_avg,exp_avg_sq")]
    [InlineData(OptimizerKind.Sgd, "momentum_buffer")]
    [InlineData(OptimizerKind.Adagrad, "sum")]
    public void The_state_has_PyTorchs_names(OptimizerKind kind, string names) =>
        Assert.Equal(names.Split(','), Optimizer.Create(Settings(kind), 3).State.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Without_momentum_there_is_no_state() =>
        Assert.Empty(Optimizer.Create(Settings(OptimizerKind.Sgd) with { Momentum = 0 }, 3).State);

    [Fact]
    public void Adams_first_step_is_the_learning_rate_in_the_gradients_direction()
    {
        float[] parameters = [0, 0, 0];
        Optimizer.Create(Settings(OptimizerKind.Adam), 3).Step(parameters, [1e-3f, -5, 1e4f]);
        Assert.Equal(-0.01f, parameters[0], 1e-6f);
        Assert.Equal(0.01f, parameters[1], 1e-6f);
        Assert.Equal(-0.01f, parameters[2], 1e-6f);
    }

    [Fact]
    public void A_state_that_does_not_fit_is_refused()
    {
        var adam = Optimizer.Create(Settings(OptimizerKind.Adam), 3);
        var strange = Assert.Throws<InvalidDataException>(() => adam.Restore(1, new Dictionary<string, float[]> { ["sum"] = new float[3] }));
        Assert.Contains("[sum]", strange.Message, StringComparison.Ordinal);
        var shortened = Assert.Throws<InvalidDataException>(() => adam.Restore(1, new Dictionary<string, float[]> { ["exp_avg"] = new float[3], ["exp_avg_sq"] = new float[2] }));
        Assert.Contains("'exp_avg_sq' has 2 elements where 3 are needed", shortened.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => adam.Step(new float[3], new float[4]));
    }

    private static float[] Run(OptimizerKind kind, int length, int firstElement)
    {
        var (parameters, optimizer) = (Values(length, firstElement, 0), Optimizer.Create(Settings(kind), length));
        for (var step = 1; step <= 7; step++)
            optimizer.Step(parameters, Values(length, firstElement, step));
        return parameters;
    }

    private static float[] Values(int length, int firstElement, int step)
    {
        var values = new float[length];
        for (var i = 0; i < length; i++)
            values[i] = (float)new StableRandom(StableHash.Mix((ulong)(firstElement + i), (ulong)step)).NextNormal();
        return values;
    }
}
