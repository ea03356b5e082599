using DistMtl.Aggregation.Optimizers;
using DistMtl.Protocol;

namespace DistMtl.Aggregation.Tests.Optimizers;

public sealed class OuterNesterovTests
{
    [Fact]
    public void Rate_one_without_momentum_is_plain_averaging_to_the_bit()
    {
        var outer = new OuterNesterov(37, 1, 0);
        var parameters = Values(37, 0);
        for (var round = 1; round <= 3; round++)
        {
            var average = Values(37, round);
            outer.Step(parameters, average);
            Assert.Equal(average, parameters);
        }
    }

    /// <summary>torch.optim.SGD(lr=0.7, momentum=0.9, nesterov=True) in double, written out.</summary>
    [Fact]
    public void A_round_is_a_step_of_PyTorchs_SGD_with_Nesterovs_momentum()
    {
        var outer = new OuterNesterov(37, 0.7, 0.9);
        var parameters = Values(37, 0);
        double[] expected = [.. parameters.Select(value => (double)value)];
        var buffer = new double[37];
        for (var round = 1; round <= 6; round++)
        {
            var average = Values(37, round);
            outer.Step(parameters, average);
            for (var i = 0; i < 37; i++)
            {
                var gradient = expected[i] - average[i];
                buffer[i] = 0.9 * buffer[i] + gradient;
                expected[i] -= 0.7 * (gradient + 0.9 * buffer[i]);
                Assert.Equal(expected[i], parameters[i], 1e-5);
                Assert.Equal(buffer[i], outer.Velocity_P[i], 1e-5);
            }
        }
    }

    [Fact]
    public void Momentum_carries_on_when_the_workers_have_stopped()
    {
        float[] parameters = [1];
        var outer = new OuterNesterov(1, 0.5, 0.5);
        outer.Step(parameters, [0]);
        // g = 1, v = 1: 1 - 0.5 (1 + 0.5). Then g = 0, v = 0.5: 0.25 - 0.5 (0 + 0.25).
        Assert.Equal(0.25f, parameters[0]);
        outer.Step(parameters, [0.25f]);
        Assert.Equal(0.125f, parameters[0]);
    }

    [Fact]
    public void Ranges_in_any_order_give_the_bits_of_the_whole_round()
    {
        var (whole, parts) = (Values(37, 0), Values(37, 0));
        var (outer, ranged) = (new OuterNesterov(37, 0.7, 0.9), new OuterNesterov(37, 0.7, 0.9));
        for (var round = 1; round <= 3; round++)
        {
            outer.Step(whole, Values(37, round));
            foreach (var range in new[] { 30..37, 0..5, 5..5, 17..30, 5..17 })
                ranged.StepRange(range.Start.Value, parts.AsSpan(range), Values(37, round).AsSpan(range));
        }
        Assert.Equal(whole, parts);
        Assert.Equal(outer.Velocity_P, ranged.Velocity_P);
    }

    [Fact]
    public void A_restored_one_goes_on_to_the_same_bits()
    {
        var (first, second) = (new OuterNesterov(20, 0.7, 0.9), new OuterNesterov(20, 0.7, 0.9));
        var parameters = Values(20, 0);
        first.Step(parameters, Values(20, 1));
        var copy = parameters.ToArray();
        second.Restore(first.Velocity_P);
        first.Step(parameters, Values(20, 2));
        second.Step(copy, Values(20, 2));
        Assert.Equal(parameters, copy);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new OuterNesterov(3, 0, 0.9));
        Assert.Throws<ArgumentOutOfRangeException>(() => new OuterNesterov(3, 0.7, 1));
        Assert.Throws<InvalidDataException>(() => new OuterNesterov(3, 0.7, 0.9).Restore([1, 2]));
        Assert.Throws<ArgumentException>(() => new OuterNesterov(3, 0.7, 0.9).Step(new float[2], [1, 2]));
        Assert.Throws<ArgumentException>(() => new OuterNesterov(3, 0.7, 0.9).StepRange(2, new float[2], [1, 2]));
        Assert.Throws<ArgumentException>(() => new OuterNesterov(3, 0.7, 0.9).StepRange(0, new float[2], [1]));
    }

    private static float[] Values(int length, int round)
    {
        var random = new StableRandom((ulong)round);
        var values = new float[length];
        for (var i = 0; i < length; i++)
            values[i] = (float)random.NextNormal();
        return values;
    }
}
